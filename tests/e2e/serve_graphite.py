# SPDX-License-Identifier: MIT
"""Serves Debian's graphite-web on the loopback: FOLDER WHISPER STATIC PORT. Run by the system's Python.

Its database and its logs are made in FOLDER; WHISPER has the files; and STATIC has some
more for /static, which Debian's example has Apache serve.
"""

import mimetypes
import os
import sys
import types
import wsgiref.simple_server
import wsgiref.util

STATIC = "/usr/share/graphite-web/static"
SETTINGS = "settings_of_a_test"


def fail(why):
    print(why, file=sys.stderr)
    sys.exit(77)


def settle(folder, whisper):
    """What /etc/graphite/local_settings.py says where it is installed."""
    module = types.ModuleType(SETTINGS)
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(folder, "graphite.db")}
    vars(module).update(
        SECRET_KEY="of a test", ALLOWED_HOSTS=["127.0.0.1"], TIME_ZONE="UTC", LOG_DIR=folder, CONF_DIR=folder, STORAGE_DIR=folder,
        GRAPHITE_ROOT="/usr/share/graphite-web", STATIC_ROOT=STATIC, LOG_ROTATION=False,
        WHISPER_DIR=whisper, INDEX_FILE=os.path.join(folder, "index"), DEFAULT_XFILES_FACTOR=0,
        DATABASES={"default": database}, CARBONLINK_HOSTS=[], CLUSTER_SERVERS=[], FUNCTION_PLUGINS=[], DEFAULT_CACHE_DURATION=0)
    sys.modules[SETTINGS] = module
    os.environ.update(DJANGO_SETTINGS_MODULE="graphite.settings", GRAPHITE_SETTINGS_MODULE=SETTINGS)


class Quiet(wsgiref.simple_server.WSGIRequestHandler):
    def log_message(self, *args):
        pass


def with_static(application, folders):
    """The same, but what is below /static comes from these folders."""
    def answer(environ, start_response):
        path = environ["PATH_INFO"]
        for folder in folders:
            name = os.path.realpath(folder + path[len("/static"):])
            if path.startswith("/static/") and name.startswith(os.path.realpath(folder)) and os.path.isfile(name):
                start_response("200 OK", [("Content-Type", mimetypes.guess_type(name)[0] or "text/plain")])
                return wsgiref.util.FileWrapper(open(name, "rb"))
        return application(environ, start_response)

    return answer


def main(folder, whisper, static, port):
    settle(folder, whisper)
    try:
        from django.core.management import call_command
        from django.core.wsgi import get_wsgi_application
        import graphite  # noqa: F401
    except ImportError as e:
        fail("no graphite-web: %s" % e)
    application = with_static(get_wsgi_application(), [static, STATIC])
    call_command("migrate", run_syncdb=True, verbosity=0)
    wsgiref.simple_server.make_server("127.0.0.1", int(port), application, handler_class=Quiet).serve_forever()


main(*sys.argv[1:])
