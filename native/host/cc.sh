#!/bin/sh
# The C compiler of native/, as the crates' builds call one: they name the target in a form that it does not know.
for each; do shift; case $each in --target=*) ;; *) set -- "$@" "$each" ;; esac; done
exec "$ZIG" cc "$@"
