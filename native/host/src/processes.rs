//! Other processes, and what this one is.

use crate::fault::{Fault, raise};
use crate::files::{borrow, bytes_of};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::libc;
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::prctl;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::{SigSet, SigmaskHow, sigprocmask};
use nix::time::{ClockId, clock_gettime};
use nix::unistd;
use rquickjs::{BigInt, Ctx, Function, Object, Result, TypedArray, Value};
use std::ffi::{CStr, CString, c_char};
use std::os::fd::{AsRawFd, IntoRawFd, OwnedFd, RawFd};
use std::sync::OnceLock;

#[cfg(target_arch = "x86_64")]
const KEEPER: &[u8] = include_bytes!("../../bin/keeper-linux-x64");
#[cfg(target_arch = "aarch64")]
const KEEPER: &[u8] = include_bytes!("../../bin/keeper-linux-arm64");

/// What we were executed with.
pub struct Origin {
    pub argv: Vec<Vec<u8>>,
    pub environment: Vec<Vec<u8>>,
    /// Signals that were blocked when we were executed.
    pub mask: SigSet,
}

pub static ORIGIN: OnceLock<Origin> = OnceLock::new();

fn origin() -> &'static Origin {
    ORIGIN.get_or_init(|| Origin { argv: Vec::new(), environment: Vec::new(), mask: SigSet::empty() })
}

pub fn offer<'js>(ctx: &Ctx<'js>, native: &Object<'js>) -> Result<()> {
    let arrays = |list: &[Vec<u8>]| -> Result<Vec<TypedArray<'js, u8>>> {
        list.iter().map(|each| TypedArray::new_copy(ctx.clone(), each)).collect()
    };
    native.set("argv", arrays(&origin().argv)?)?;
    native.set("environment", arrays(&origin().environment)?)?;
    native.set("pid", std::process::id())?;
    let inherited = Object::new(ctx.clone())?;
    inherited.set("ignoredSignals", BigInt::from_u64(ctx.clone(), ignored_signals())?)?;
    let descriptors = inherited_descriptors();
    inherited.set("descriptors", descriptors.clone())?;
    native.set("inherited", inherited)?;

    let add = |name: &str, function: Result<Function<'js>>| native.set(name, function?);
    add("spawn", Function::new(ctx.clone(), spawn))?;
    add("exec", Function::new(ctx.clone(), execute))?;
    add(
        "kill",
        Function::new(ctx.clone(), |ctx: Ctx<'js>, pid: i32, signal: i32| {
            // SAFETY: kill takes two numbers. nix knows no real-time signals.
            raise(&ctx, "kill", Errno::result(unsafe { libc::kill(pid, signal) }).map(drop))
        }),
    )?;
    add(
        "exit",
        Function::new(ctx.clone(), |status: i32| -> () {
            // SAFETY: nothing is left to be done; threads may hang.
            unsafe { libc::_exit(status) }
        }),
    )?;
    add(
        "dieOf",
        Function::new(ctx.clone(), |signal: i32| {
            // SAFETY: the default action takes no function of ours.
            unsafe { libc::signal(signal, libc::SIG_DFL) };
            let _ = sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None);
            // SAFETY: raise takes a number.
            unsafe { libc::raise(signal) };
        }),
    )?;
    let made = OnceLock::new();
    let lowest = 5 + descriptors.len() as RawFd;
    add(
        "keeper",
        Function::new(ctx.clone(), move |ctx: Ctx<'js>| match made.get() {
            Some(path) => Ok::<String, rquickjs::Error>(String::clone(path)),
            None => {
                raise(&ctx, "prctl(PR_SET_CHILD_SUBREAPER)", may_adopt_orphans())?;
                let path = raise(&ctx, "memfd_create", keeper(lowest))?;
                Ok(made.get_or_init(|| path).clone())
            }
        }),
    )?;
    add("ppid", Function::new(ctx.clone(), || unistd::getppid().as_raw()))?;
    add("euid", Function::new(ctx.clone(), || unistd::geteuid().as_raw()))?;
    add(
        "hostname",
        Function::new(ctx.clone(), || unistd::gethostname().unwrap_or_default().to_string_lossy().into_owned()),
    )?;
    add("isTerminal", Function::new(ctx.clone(), |fd: RawFd| unistd::isatty(borrow(fd)).unwrap_or(false)))?;
    add("columns", Function::new(ctx.clone(), columns))?;
    add("monotonicMs", Function::new(ctx.clone(), || clock(ClockId::CLOCK_MONOTONIC)))?;
    add("bootMs", Function::new(ctx.clone(), || clock(ClockId::CLOCK_BOOTTIME)))?;
    add("usage", Function::new(ctx.clone(), usage))?;
    add(
        "random",
        Function::new(ctx.clone(), |ctx: Ctx<'js>, length: usize| {
            let mut bytes = vec![0; length];
            // SAFETY: the system writes as many bytes as there is room for.
            let result = unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), length, 0) };
            raise(&ctx, "getrandom", Errno::result(result))?;
            TypedArray::<u8>::new(ctx, bytes)
        }),
    )?;
    add(
        "randomNumber",
        Function::new(ctx.clone(), |ctx: Ctx<'js>| {
            let mut number = [0; 4];
            // SAFETY: the system writes as many bytes as there is room for.
            let result = unsafe { libc::getrandom(number.as_mut_ptr().cast(), number.len(), 0) };
            raise(&ctx, "getrandom", Errno::result(result))?;
            Ok::<_, rquickjs::Error>(f64::from(u32::from_ne_bytes(number)))
        }),
    )?;
    add(
        "sha256",
        Function::new(ctx.clone(), |ctx: Ctx<'js>, bytes: Value<'js>| {
            let bytes = bytes_of(&ctx, bytes)?;
            TypedArray::<u8>::new_copy(ctx, ring::digest::digest(&ring::digest::SHA256, &bytes))
        }),
    )
}

fn clock(id: ClockId) -> f64 {
    clock_gettime(id).map_or(0.0, |now| now.tv_sec() as f64 * 1e3 + now.tv_nsec() as f64 / 1e6)
}

fn columns(fd: RawFd) -> u16 {
    let mut size = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: the system fills in a structure of this kind, or leaves it as it is.
    unsafe { libc::ioctl(fd, libc::TIOCGWINSZ, &raw mut size) };
    size.ws_col
}

fn usage(ctx: Ctx<'_>) -> Result<Object<'_>> {
    let used = raise(&ctx, "getrusage", getrusage(UsageWho::RUSAGE_SELF))?;
    let ms = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 * 1e3 + time.tv_usec() as f64 / 1e3;
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0.0);
    let object = Object::new(ctx)?;
    object.set("cpuMs", ms(used.user_time()) + ms(used.system_time()))?;
    // SAFETY: sysconf takes a number.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    object.set("rssBytes", pages * page as f64)?;
    Ok(object)
}

fn ignored_signals() -> u64 {
    (1..=64).filter(|signal| is_ignored(*signal)).fold(0, |mask, signal| mask | 1 << (signal - 1))
}

fn is_ignored(signal: i32) -> bool {
    // SAFETY: the system writes the present action into the structure, and changes nothing.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        libc::sigaction(signal, std::ptr::null(), &raw mut action) == 0 && action.sa_sigaction == libc::SIG_IGN
    }
}

/// Those above 2 that our caller left open; none where /proc cannot tell.
fn inherited_descriptors() -> Vec<RawFd> {
    let entries = std::fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<RawFd>().ok());
    let mut kept: Vec<_> = numbers
        .filter(|fd| *fd > 2)
        .filter(|fd| fcntl(borrow(*fd), FcntlArg::F_GETFD).is_ok_and(|flags| flags & libc::FD_CLOEXEC == 0))
        .collect();
    kept.sort_unstable();
    kept
}

/// A keeper that may not is none. Sets for us what is set already: the kernel answers, and nothing changes.
fn may_adopt_orphans() -> nix::Result<()> {
    prctl::set_child_subreaper(prctl::get_child_subreaper()?)
}

/// The keeper's program as a file in memory, above the places where it finds what it inherits.
fn keeper(lowest: RawFd) -> nix::Result<String> {
    let made = memfd_create(c"keeper", MFdFlags::MFD_CLOEXEC)?;
    // SAFETY: F_DUPFD_CLOEXEC returns a new descriptor, which is nobody else's.
    let file: OwnedFd =
        unsafe { std::os::fd::FromRawFd::from_raw_fd(fcntl(&made, FcntlArg::F_DUPFD_CLOEXEC(lowest))?) };
    let mut left = KEEPER;
    while !left.is_empty() {
        left = &left[unistd::write(&file, left)?..];
    }
    Ok(format!("/proc/self/fd/{}", file.into_raw_fd()))
}

/// Strings with their ends, and the list of pointers to them that the system wants.
struct Words {
    _texts: Vec<CString>,
    pointers: Vec<*mut c_char>,
}

impl Words {
    fn from<'js>(ctx: &Ctx<'js>, values: Vec<Value<'js>>) -> Result<Self> {
        let mut texts = Vec::new();
        for value in values {
            let bytes = if value.is_string() { value.get::<String>()?.into_bytes() } else { bytes_of(ctx, value)? };
            texts.push(CString::new(bytes).map_err(|_| Fault::of(Errno::EINVAL, "spawn", None).throw(ctx))?);
        }
        let mut pointers: Vec<_> = texts.iter().map(|text| text.as_ptr().cast_mut()).collect();
        pointers.push(std::ptr::null_mut());
        Ok(Self { _texts: texts, pointers })
    }
}

fn execute<'js>(ctx: Ctx<'js>, file: String, argv: Vec<Value<'js>>, environment: Vec<Value<'js>>) -> Result<()> {
    let (argv, environment) = (Words::from(&ctx, argv)?, Words::from(&ctx, environment)?);
    let path = CString::new(file.as_str()).unwrap_or_default();
    let ours = sigprocmask_to(&origin().mask);
    // SAFETY: both lists end with null, and their strings live until the call returns, if it does.
    unsafe { libc::execve(path.as_ptr(), argv.pointers.as_ptr().cast(), environment.pointers.as_ptr().cast()) };
    let errno = Errno::last();
    sigprocmask_to(&ours);
    Err(Fault::of(errno, "execve", Some(&file)).throw(&ctx))
}

fn sigprocmask_to(mask: &SigSet) -> SigSet {
    let mut before = SigSet::empty();
    let _ = sigprocmask(SigmaskHow::SIG_SETMASK, Some(mask), Some(&mut before));
    before
}

fn spawn<'js>(ctx: Ctx<'js>, options: Object<'js>) -> Result<i32> {
    let file: String = options.get("file")?;
    let argv = Words::from(&ctx, options.get("argv")?)?;
    let environment = Words::from(&ctx, options.get("environment")?)?;
    let descriptors: Vec<RawFd> = options.get("descriptors")?;
    let session = options.get::<_, Option<bool>>("session")?.unwrap_or(false);
    let path = CString::new(file.as_str()).unwrap_or_default();
    let started = start(&path, &argv, &environment, &descriptors, session);
    started.map_err(|errno| Fault::of(errno, "spawn", Some(&file)).throw(&ctx))
}

/// By posix_spawn(3), which reports what execve(2) says, and never runs code of ours in the child.
fn start(path: &CStr, argv: &Words, environment: &Words, descriptors: &[RawFd], session: bool) -> nix::Result<i32> {
    // Copies above all places, so that none is in the way of another. What is closed here stays so there.
    let mut copies = Vec::new();
    for (place, fd) in descriptors.iter().enumerate() {
        let copy = if *fd < 0 {
            Some(nix::fcntl::open("/dev/null", OFlag::O_RDWR | OFlag::O_CLOEXEC, nix::sys::stat::Mode::empty())?)
        } else {
            None
        };
        let source = copy.as_ref().map_or(*fd, AsRawFd::as_raw_fd);
        match fcntl(borrow(source), FcntlArg::F_DUPFD_CLOEXEC(descriptors.len() as RawFd)) {
            // SAFETY: F_DUPFD_CLOEXEC returns a new descriptor, which is nobody else's.
            Ok(copy) => {
                copies.push((place as RawFd, unsafe { <OwnedFd as std::os::fd::FromRawFd>::from_raw_fd(copy) }))
            }
            Err(Errno::EBADF) => {}
            Err(errno) => return Err(errno),
        }
    }
    // SAFETY: both structures are made by their functions before use, and destroyed after it; lists end with null.
    unsafe {
        let mut actions: libc::posix_spawn_file_actions_t = std::mem::zeroed();
        let mut attributes: libc::posix_spawnattr_t = std::mem::zeroed();
        libc::posix_spawn_file_actions_init(&raw mut actions);
        libc::posix_spawnattr_init(&raw mut attributes);
        for (place, copy) in &copies {
            libc::posix_spawn_file_actions_adddup2(&raw mut actions, copy.as_raw_fd(), *place);
        }
        let own_session = if session { POSIX_SPAWN_SETSID } else { 0 };
        libc::posix_spawnattr_setflags(&raw mut attributes, libc::POSIX_SPAWN_SETSIGMASK as i16 | own_session);
        libc::posix_spawnattr_setsigmask(&raw mut attributes, origin().mask.as_ref());
        let mut pid = 0;
        let errno = libc::posix_spawnp(
            &raw mut pid,
            path.as_ptr(),
            &raw const actions,
            &raw const attributes,
            argv.pointers.as_ptr(),
            environment.pointers.as_ptr(),
        );
        libc::posix_spawn_file_actions_destroy(&raw mut actions);
        libc::posix_spawnattr_destroy(&raw mut attributes);
        if errno == 0 { Ok(pid) } else { Err(Errno::from_raw(errno)) }
    }
}

/// Of spawn.h.
const POSIX_SPAWN_SETSID: i16 = 128;
