#!/bin/sh
# Finds the libraries that vesper is built with, by pkg-config.
#
#   sh csrc/libraries.sh cflags | libs | lua    flags of the compiler; of the linker; of Lua's headers
#   sh csrc/libraries.sh list                   names and versions, in one line
#   sh csrc/libraries.sh check [no-lua]         fails, and says what to install, where one is missing
#
# JPEG= in the environment: without libjpeg.

# library; the names that pkg-config may know it by, tried in turn; packages of Debian and Fedora.
# OpenBLAS: that of OpenMP first, which starts no threads when it is loaded.  Plain cblas is not
# enough: the number of threads is set too.
libraries='
hdf5      hdf5,hdf5-serial                       libhdf5-dev             hdf5-devel
openblas  openblas-openmp,openblaso,openblas     libopenblas-openmp-dev  openblas-devel
jansson   jansson                                libjansson-dev          jansson-devel
utf8proc  libutf8proc,utf8proc                   libutf8proc-dev         utf8proc-devel
expat     expat                                  libexpat1-dev           expat-devel
zlib      zlib                                   zlib1g-dev              zlib-devel
stb       stb                                    libstb-dev              stb_image-devel
libjpeg   libjpeg                                libjpeg-dev             libjpeg-turbo-devel
lua       lua5.4,lua-5.4,lua54,lua>=5.4          liblua5.4-dev           lua-devel'

pkg_config=${PKG_CONFIG:-pkg-config}

# Sets `name` to the first of the names in $1 that pkg-config knows; fails if there is none.
find_name() {
  for name in $(echo "$1" | tr , ' '); do
    case $name in
      *'>='*) name=${name%%>*}; "$pkg_config" --exists "$name >= 5.4 $name < 5.5" && return 0 ;;
      *) "$pkg_config" --exists "$name" && return 0 ;;
    esac
  done
  return 1
}

# Two libraries are packaged without a file for pkg-config too.  Sets `plain` to their flags.
find_plain() {
  case $1 in
    hdf5)
      plain=-lhdf5
      echo '#include <hdf5.h>' | ${CC:-cc} -E - >/dev/null 2>&1 ;;
    stb)
      for folder in /usr/include/stb /usr/local/include/stb; do
        plain=-I$folder
        [ -e "$folder/stb_image.h" ] && [ -e "$folder/stb_image_write.h" ] && return 0
      done
      return 1 ;;
    *) return 1 ;;
  esac
}

# Calls $1 with each library's row; libjpeg only where it is wanted.
each() {
  echo "$libraries" | while read -r library names debian fedora; do
    case $library in '') continue ;; libjpeg) [ -n "${JPEG-yes}" ] || continue ;; esac
    "$1" "$library" "$names" "$debian" "$fedora"
  done
}

cflags_of() {
  [ "$1" != lua ] || return 0
  if find_name "$2"; then "$pkg_config" --cflags "$name"
  elif find_plain "$1"; then case $plain in -I*) echo "$plain" ;; esac
  else return 0
  fi
  [ "$1" != libjpeg ] || echo -DVS_LIBJPEG
}

# The libraries of stb and Lua would bring a second stb_image and a second Lua.
libs_of() {
  case $1 in lua | stb) return 0 ;; esac
  if find_name "$2"; then "$pkg_config" --libs "$name"
  elif find_plain "$1"; then echo "$plain"
  fi
}

headers_of_lua() { if [ "$1" = lua ] && find_name "$2"; then "$pkg_config" --cflags "$name"; fi; }

name_and_version() {
  if find_name "$2"; then echo "$1 $("$pkg_config" --modversion "$name")"
  elif find_plain "$1"; then echo "$1"
  fi
}

missing() {
  case $1 in libjpeg) return 0 ;; lua) [ "$checked" != no-lua ] || return 0 ;; esac
  find_name "$2" || find_plain "$1" || echo "$1 $2 $3 $4"
}

check() {
  if ! command -v "$pkg_config" >/dev/null; then
    echo "vesper: $pkg_config is missing; it is in the package pkg-config (Debian, Ubuntu) or" \
      "pkgconf-pkg-config (Fedora)" >&2
    return 1
  fi
  rows=$(each missing)
  [ -n "$rows" ] || return 0
  echo "$rows" | while read -r library names _; do
    echo "vesper: $library is missing: pkg-config knows no $(echo "$names" | sed 's/,/, no /g')" >&2
  done
  debian=$(echo "$rows" | cut -d' ' -f3 | tr '\n' ' ')
  fedora=$(echo "$rows" | cut -d' ' -f4 | tr '\n' ' ')
  echo "Install what is missing, or add the folder of its .pc file to PKG_CONFIG_PATH:" >&2
  command -v dnf >/dev/null || echo "  Debian, Ubuntu: sudo apt-get install $debian" >&2
  command -v apt-get >/dev/null || echo "  Fedora: sudo dnf install $fedora" >&2
  return 1
}

checked=${2-}
case ${1-} in
  cflags) each cflags_of | tr '\n' ' ' ;;
  libs) each libs_of | tr '\n' ' ' ;;
  lua) each headers_of_lua ;;
  list) each name_and_version | paste -s -d , | sed 's/,/, /g' ;;
  check) check ;;
  *) sed -n '2,8s/^# *//p' "$0" >&2; exit 2 ;;
esac
