//! The program: the host with our code. A file of its own, so that little is compiled anew when only our code has changed.
#![no_main]

use std::ffi::{c_char, c_int};

/// Made by `compile`, which the build runs before.
static MODULES: &[u8] = include_bytes!(env!("K8S_LEADER_MODULES"));

/// Instead of Rust's own start, which would ignore SIGPIPE and open what is closed of 0 to 2.
#[unsafe(no_mangle)]
extern "C" fn main(argc: c_int, argv: *const *const c_char) -> c_int {
    // SAFETY: the C library hands on what the kernel has passed.
    unsafe { k8s_leader_host::start(MODULES, argc, argv) }
}
