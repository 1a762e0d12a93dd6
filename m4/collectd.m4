dnl SPDX-License-Identifier: MIT

dnl PKTLOSS_COLLECTD_HEADERS
dnl Sets COLLECTD_CPPFLAGS for the two files that see collectd. HAVE_CONFIG_H
dnl means collectd's config.h, which carries the sizes of its structs; pktloss
dnl has none of its own, so that the two can never be mixed up.
AC_DEFUN([PKTLOSS_COLLECTD_HEADERS], [
  AS_IF([test "x$with_collectd_source" != xno], [
    collectd_headers=$with_collectd_source
    COLLECTD_CPPFLAGS="-isystem $collectd_headers/src/daemon"
    COLLECTD_CPPFLAGS="$COLLECTD_CPPFLAGS -isystem $collectd_headers/src"
  ], [
    dnl lt_sysroot: of --with-sysroot
    collectd_headers=$lt_sysroot/usr/include/collectd
    COLLECTD_CPPFLAGS="-isystem $collectd_headers/core/daemon"
    COLLECTD_CPPFLAGS="$COLLECTD_CPPFLAGS -isystem $collectd_headers/core"
    COLLECTD_CPPFLAGS="$COLLECTD_CPPFLAGS -isystem $collectd_headers"
  ])
  COLLECTD_CPPFLAGS="-DHAVE_CONFIG_H $COLLECTD_CPPFLAGS"
  AC_SUBST([COLLECTD_CPPFLAGS])

  save_CPPFLAGS=$CPPFLAGS
  CPPFLAGS="$CPPFLAGS $COLLECTD_CPPFLAGS"
  data_max_name_len=unknown
  AM_COND_IF([PLUGIN], [
    AC_MSG_CHECKING([for collectd's plugin headers in $collectd_headers])
    AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[
      #include "collectd.h"
      #include "plugin.h"
      #include "utils/common/common.h"
    ]])], [AC_MSG_RESULT([yes])], [
      AC_MSG_RESULT([no])
      AC_MSG_ERROR([collectd's headers are missing or do not compile
        (Debian: collectd-dev; elsewhere: --with-collectd-source=DIR of a
        configured collectd source tree)])
    ])
    AC_COMPUTE_INT([data_max_name_len], [DATA_MAX_NAME_LEN],
      [[#include "collectd.h"
        #include "plugin.h"]], [data_max_name_len=unknown])
  ])
  CPPFLAGS=$save_CPPFLAGS
])

dnl PKTLOSS_COLLECTD_PLUGINDIR
dnl Sets plugindir. It is not $libdir/collectd: Debian's is /usr/lib/collectd
dnl on every architecture, whatever the prefix.
AC_DEFUN([PKTLOSS_COLLECTD_PLUGINDIR], [
  AC_MSG_CHECKING([for collectd's plugin directory])
  AS_IF([test -z "$plugindir"], [
    plugindir=`$COLLECTD -h 2>/dev/null |
      sed -n 's/^ *Plugin directory *//p'`
  ])
  AS_IF([test -z "$plugindir"], [plugindir='${libdir}/collectd'])
  AC_MSG_RESULT([$plugindir])
  AC_SUBST([plugindir])
])
