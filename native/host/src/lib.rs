//! Runs k8s-leader's code, which the build has compiled to bytecode, and gives it what it needs of the system, in one
//! global object (src/platform/host/native.d.ts).
//!
//! One thread does everything but what may hang: operations on files, names of machines.

mod chunks;
mod fault;
mod files;
mod net;
mod processes;
mod program;
mod text;
mod tls;
mod turns;
mod uncaught;

pub use program::Names;

use crate::files::{Args, open_flags, operate};
use crate::processes::{ORIGIN, Origin};
use nix::fcntl::OFlag;
use nix::libc::{c_char, c_int};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, sigprocmask};
use nix::sys::stat::Mode;
use rquickjs::function::Rest;
use rquickjs::{CatchResultExt, Context, Ctx, Function, Object, Result, Runtime, Value};
use std::ffi::CStr;
use std::os::fd::{AsRawFd, IntoRawFd};

/// The signals that we take, from the loop. Blocked, they are kept by the kernel, also for process 1, and also those that
/// our caller had ignored.
const TAKEN: [Signal; 7] = [
    Signal::SIGTERM,
    Signal::SIGINT,
    Signal::SIGHUP,
    Signal::SIGQUIT,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGCHLD,
];

/// Blocked and never taken: the call that fails tells the same. Ignoring them would be seen by CMD.
const UNHEARD: [Signal; 2] = [Signal::SIGPIPE, Signal::SIGXFSZ];

/// QuickJS measures from here; the main thread has 8 MB.
const STACK: usize = 4 * 1024 * 1024;

/// That of musl asks the kernel for memory and gives it back all the time.
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

/// More than a start takes: looking for garbage takes as long as there are objects. What refers to itself waits for that;
/// a renewal leaves nothing of the kind.
const GARBAGE: usize = 5 * 1024 * 1024 / 2;

unsafe extern "C" {
    /// Of the C library.
    static environ: *const *const c_char;
}

/// Runs `modules` as `compile` has made them. To be called first of all.
///
/// # Safety
/// `argv` is what the kernel has passed to the program.
pub unsafe fn start(modules: &'static [u8], argc: c_int, argv: *const *const c_char) -> c_int {
    let taken: SigSet = TAKEN.into_iter().collect();
    let blocked: SigSet = TAKEN.into_iter().chain(UNHEARD).collect();
    let mut mask = SigSet::empty();
    let _ = sigprocmask(SigmaskHow::SIG_BLOCK, Some(&blocked), Some(&mut mask));

    // SAFETY: the kernel has put both lists where these point to, with null at their ends.
    let (argv, environment) = unsafe { (strings(argv, argc), strings(environ, c_int::MAX)) };
    occupy_standard_descriptors();
    let _ = ORIGIN.set(Origin { argv, environment, mask });
    let _ = program::MODULES.set(modules);
    match run(&taken) {
        Ok(()) => 0,
        Err(error) => uncaught::defect(&error.to_string()),
    }
}

/// Where stdin, stdout or stderr is closed, none of our files may take its number.
fn occupy_standard_descriptors() {
    while let Ok(file) = nix::fcntl::open("/dev/null", OFlag::O_RDWR, Mode::empty()) {
        if file.as_raw_fd() > 2 {
            return;
        }
        let _ = file.into_raw_fd();
    }
}

/// # Safety
/// `list` points to strings, and ends with null or after `most`.
unsafe fn strings(list: *const *const c_char, most: c_int) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for index in 0..most as usize {
        // SAFETY: the caller's.
        let text = unsafe { *list.add(index) };
        if text.is_null() {
            break;
        }
        // SAFETY: the caller's.
        found.push(unsafe { CStr::from_ptr(text) }.to_bytes().to_vec());
    }
    found
}

fn run(taken: &SigSet) -> Result<()> {
    let runtime = Runtime::new()?;
    runtime.set_max_stack_size(STACK);
    runtime.set_gc_threshold(GARBAGE);
    runtime.set_loader(Names, program::Program);
    uncaught::track(&runtime);
    let context = Context::full(&runtime)?;
    context.with(|ctx| {
        let turns =
            turns::Turns::new(&ctx, taken).map_err(|errno| fault::Fault::of(errno, "signalfd", None).throw(&ctx))?;
        let native = Object::new(ctx.clone())?;
        turns.offer(&native)?;
        offer(&ctx, &native)?;
        ctx.globals().set("native", native)?;
        let started = program::start(&ctx).and_then(|()| turns.run());
        if started.catch(&ctx).is_err() {
            uncaught::end(&ctx);
        }
        Ok(())
    })
}

fn offer<'js>(ctx: &Ctx<'js>, native: &Object<'js>) -> Result<()> {
    let sync = |ctx: Ctx<'js>, operation: String, values: Rest<Value<'js>>| {
        let args = Args::from(&ctx, values.0)?;
        operate(&operation, &args).map_err(|fault| fault.throw(&ctx))
    };
    native.set("sync", Function::new(ctx.clone(), sync)?)?;
    native.set("openFlags", open_flags(ctx)?)?;
    net::offer(ctx, native)?;
    chunks::offer(ctx, native)?;
    tls::offer(ctx, native)?;
    processes::offer(ctx, native)?;
    text::offer(ctx, native)
}
