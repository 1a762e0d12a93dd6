# SPDX-License-Identifier: MIT
"""Runs a command below a filter of system calls (seccomp): filtered.py kill|allow COMMAND...

"kill" ends a process that calls bpf(2), as systemd does where SystemCallFilter= has not named it.
"""

import ctypes
import os
import platform
import struct
import sys

PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, FILTER = 22, 38, 2
NUMBER = {"x86_64": 321, "aarch64": 280, "s390x": 351}[platform.machine()]  # of bpf(2)
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
KILL, ALLOW = 0x80000000, 0x7FFF0000


def instruction(code, value, yes=0, no=0):
    return struct.pack("=HBBI", code, yes, no, value)


def main():
    verdict = {"kill": KILL, "allow": ALLOW}[sys.argv[1]]
    code = ctypes.create_string_buffer(instruction(LOAD, 0) + instruction(EQUAL, NUMBER, 0, 1)
                                       + instruction(RETURN, verdict) + instruction(RETURN, ALLOW))
    program = ctypes.create_string_buffer(struct.pack("@HP", 4, ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    for arguments in ((PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), (PR_SET_SECCOMP, FILTER, program, 0, 0)):
        if libc.prctl(*arguments):
            raise OSError(ctypes.get_errno(), "prctl")
    os.execvp(sys.argv[2], sys.argv[2:])


if __name__ == "__main__":
    main()
