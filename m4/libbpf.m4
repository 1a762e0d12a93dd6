dnl SPDX-License-Identifier: MIT

dnl PKTLOSS_LIBBPF
dnl Drop reasons need a program in the kernel: libbpf to load it, clang to build
dnl it for the kernel's machine, bpftool to put it into a header. Where one of
dnl them is missing pktloss is built without, unless --with-libbpf wants it.
AC_DEFUN([PKTLOSS_LIBBPF], [
  AC_ARG_WITH([libbpf],
    [AS_HELP_STRING([--with-libbpf],
      [read the kernel's reasons for dropping packets (default: auto)])],
    [], [with_libbpf=auto])
  have_libbpf=no
  why_no_libbpf=
  AS_IF([test "x$with_libbpf" != xno], [
    PKG_CHECK_MODULES([BPF], [libbpf >= 1.0],
      [have_libbpf=yes], [why_no_libbpf="libbpf 1.0 (Debian: libbpf-dev)"])
    AC_PATH_PROG([BPF_CLANG], [clang], [no])
    AC_PATH_PROG([BPFTOOL], [bpftool], [no], [$PATH:/usr/sbin:/sbin])
    AS_IF([test "x$BPF_CLANG" = xno], [
      have_libbpf=no
      why_no_libbpf="$why_no_libbpf clang"])
    AS_IF([test "x$BPFTOOL" = xno], [
      have_libbpf=no
      why_no_libbpf="$why_no_libbpf bpftool"])
  ])
  AS_IF([test "x$have_libbpf" = xyes], [PKTLOSS_BPF_TARGET])
  AS_IF([test "x$have_libbpf" != xyes && test "x$with_libbpf" = xyes],
    [AC_MSG_ERROR([--with-libbpf lacks $why_no_libbpf])])
  AM_CONDITIONAL([LIBBPF], [test "x$have_libbpf" = xyes])
])

dnl PKTLOSS_BPF_TARGET
dnl Sets BPF_CFLAGS. The kernel's headers include some of the machine's, which
dnl clang does not look for where it compiles for none.
AC_DEFUN([PKTLOSS_BPF_TARGET], [
  AS_CASE([$host_cpu],
    [s390* | sparc* | powerpc | powerpc64 | mips | mips64],
    [bpf_target=bpfeb], [bpf_target=bpfel])
  multiarch=`$CC -print-multiarch 2>/dev/null`
  BPF_CFLAGS="-target $bpf_target -g -O2 -Wall"
  BPF_CFLAGS="$BPF_CFLAGS -idirafter $lt_sysroot/usr/include/$multiarch"
  AC_SUBST([BPF_CFLAGS])
  AC_MSG_CHECKING([whether $BPF_CLANG builds for the kernel])
  printf '%s\n' '#include <linux/bpf.h>' '#include <bpf/bpf_helpers.h>' \
    >conftest.bpf.c
  AS_IF([$BPF_CLANG $BPF_CFLAGS -c conftest.bpf.c \
    -o conftest.bpf.o >&5 2>&1],
    [AC_MSG_RESULT([yes])], [
      AC_MSG_RESULT([no])
      have_libbpf=no
      why_no_libbpf="a clang with the target $bpf_target"])
  rm -f conftest.bpf.c conftest.bpf.o
])
