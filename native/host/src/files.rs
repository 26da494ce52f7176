//! Operations on files, each of which can be carried out at once, or on a thread of its own where it may hang.

use crate::fault::Fault;
use crate::net::resolve;
use nix::errno::Errno;
use nix::fcntl::{OFlag, open, readlink};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use nix::sys::stat::{FchmodatFlags, FileStat, Mode, fchmodat, fstat, lstat, stat};
use nix::sys::statfs::statfs;
use nix::unistd::{self, AccessFlags, access};
use rquickjs::{Ctx, FromJs, IntoJs, Object, Result, TypedArray, Value};
use std::ffi::OsStr;
use std::os::fd::{BorrowedFd, IntoRawFd, RawFd};
use std::os::unix::ffi::OsStrExt;

/// What `open` takes, by the names of the C library: the numbers differ by machine.
const OPEN_FLAGS: [(&str, OFlag); 10] = [
    ("O_RDONLY", OFlag::O_RDONLY),
    ("O_WRONLY", OFlag::O_WRONLY),
    ("O_RDWR", OFlag::O_RDWR),
    ("O_CREAT", OFlag::O_CREAT),
    ("O_EXCL", OFlag::O_EXCL),
    ("O_NOCTTY", OFlag::O_NOCTTY),
    ("O_TRUNC", OFlag::O_TRUNC),
    ("O_APPEND", OFlag::O_APPEND),
    ("O_NONBLOCK", OFlag::O_NONBLOCK),
    ("O_NOFOLLOW", OFlag::O_NOFOLLOW),
];

pub fn open_flags<'js>(ctx: &Ctx<'js>) -> Result<Object<'js>> {
    let object = Object::new(ctx.clone())?;
    for (name, flag) in OPEN_FLAGS {
        object.set(name, flag.bits())?;
    }
    Ok(object)
}

/// Descriptors are numbers in JavaScript.
pub fn borrow(fd: RawFd) -> BorrowedFd<'static> {
    // SAFETY: whoever names a descriptor has opened it and not yet closed it; otherwise the system says EBADF.
    unsafe { BorrowedFd::borrow_raw(fd.max(0)) }
}

/// The arguments of an operation, each kind in its order.
#[derive(Default)]
pub struct Args {
    texts: Vec<String>,
    numbers: Vec<i64>,
    bytes: Vec<u8>,
}

impl Args {
    pub fn from<'js>(ctx: &Ctx<'js>, values: Vec<Value<'js>>) -> Result<Self> {
        let mut args = Self::default();
        for value in values {
            if value.is_string() {
                args.texts.push(String::from_js(ctx, value)?);
            } else if value.is_number() {
                args.numbers.push(f64::from_js(ctx, value)? as i64);
            } else {
                args.bytes = bytes_of(ctx, value)?;
            }
        }
        Ok(args)
    }

    /// The first text; a path may also come as bytes.
    fn path(&self) -> &OsStr {
        match self.texts.first() {
            Some(text) => OsStr::new(text),
            None => OsStr::from_bytes(&self.bytes),
        }
    }

    fn second(&self) -> &str {
        self.texts.get(1).map_or("", String::as_str)
    }

    fn number(&self, index: usize) -> i64 {
        self.numbers.get(index).copied().unwrap_or(0)
    }

    fn fd(&self) -> RawFd {
        self.number(0) as RawFd
    }
}

pub fn bytes_of<'js>(ctx: &Ctx<'js>, value: Value<'js>) -> Result<Vec<u8>> {
    let array = TypedArray::<u8>::from_js(ctx, value)?;
    // SAFETY: copied before any JavaScript runs that could take the memory away.
    Ok(unsafe { array.as_bytes() }.unwrap_or_default().to_vec())
}

/// What an operation gives back.
pub enum Outcome {
    Nothing,
    Number(f64),
    Bytes(Vec<u8>),
    Text(String),
    Texts(Vec<String>),
    Stat(Box<FileStat>),
}

impl<'js> IntoJs<'js> for Outcome {
    fn into_js(self, ctx: &Ctx<'js>) -> Result<Value<'js>> {
        match self {
            Outcome::Nothing => Ok(Value::new_undefined(ctx.clone())),
            Outcome::Number(number) => number.into_js(ctx),
            Outcome::Bytes(bytes) => TypedArray::<u8>::new(ctx.clone(), bytes)?.into_js(ctx),
            Outcome::Text(text) => text.into_js(ctx),
            Outcome::Texts(texts) => texts.into_js(ctx),
            Outcome::Stat(stat) => {
                let object = Object::new(ctx.clone())?;
                object.set("mode", stat.st_mode)?;
                object.set("uid", stat.st_uid)?;
                object.set("gid", stat.st_gid)?;
                object.set("size", stat.st_size as f64)?;
                object.set("dev", stat.st_dev as f64)?;
                object.set("ino", stat.st_ino as f64)?;
                object.set("links", stat.st_nlink as f64)?;
                object.set("mtimeMs", stat.st_mtime as f64 * 1e3 + stat.st_mtime_nsec as f64 / 1e6)?;
                object.into_js(ctx)
            }
        }
    }
}

/// The operation of that name. Its faults name the call as Node does, and the path.
pub fn operate(name: &str, args: &Args) -> std::result::Result<Outcome, Fault> {
    let path = args.path();
    let done = |outcome: nix::Result<Outcome>, call| {
        outcome.map_err(|errno| {
            let place = path.to_string_lossy();
            Fault::of(errno, call, (name != "write" && !place.is_empty()).then_some(&*place))
        })
    };
    match name {
        "open" => done(open_file(path, args.number(0), args.number(1)), "open"),
        "close" => done(unistd::close(args.fd()).map(nothing), "close"),
        "read" => done(read(args.fd(), args.number(1), args.number(2)), "read"),
        "rest" => done(rest(args.fd()), "read"),
        "write" => done(unistd::write(borrow(args.fd()), &args.bytes).map(count), "write"),
        "stat" => done(stat(path).map(facts), "stat"),
        "lstat" => done(lstat(path).map(facts), "lstat"),
        "fstat" => done(fstat(borrow(args.fd())).map(facts), "fstat"),
        "fileSystem" => done(statfs(path).map(|found| Outcome::Number(found.filesystem_type().0 as f64)), "statfs"),
        "mkdir" => done(unistd::mkdir(path, mode(args.number(0))).map(nothing), "mkdir"),
        "rmdir" => done(rmdir(path), "rmdir"),
        "unlink" => done(unistd::unlink(path).map(nothing), "unlink"),
        "rename" => done(rename(path, args.second()), "rename"),
        "readdir" => done(readdir(path), "scandir"),
        "readlink" => done(readlink(path).map(|target| Outcome::Text(target.to_string_lossy().into())), "readlink"),
        "realpath" => done(realpath(path), "realpath"),
        "chmod" => done(
            fchmodat(nix::fcntl::AT_FDCWD, path, mode(args.number(0)), FchmodatFlags::FollowSymlink).map(nothing),
            "chmod",
        ),
        "access" => done(access(path, AccessFlags::from_bits_truncate(args.fd())).map(nothing), "access"),
        "sync" => done(unistd::fsync(borrow(args.fd())).map(nothing), "fsync"),
        "datasync" => done(unistd::fdatasync(borrow(args.fd())).map(nothing), "fdatasync"),
        "inotify" => done(inotify(path, args.number(0)), "watch"),
        "pause" => {
            std::thread::sleep(std::time::Duration::from_millis(args.number(0).unsigned_abs()));
            Ok(Outcome::Nothing)
        }
        "cwd" => done(unistd::getcwd().map(|folder| Outcome::Text(folder.to_string_lossy().into())), "uv_cwd"),
        "resolve" => resolve(&path.to_string_lossy()).map(Outcome::Texts),
        _ => Err(Fault::of(Errno::ENOSYS, "operate", Some(name))),
    }
}

fn nothing(_: ()) -> Outcome {
    Outcome::Nothing
}

fn count(bytes: usize) -> Outcome {
    Outcome::Number(bytes as f64)
}

fn facts(found: FileStat) -> Outcome {
    Outcome::Stat(Box::new(found))
}

fn mode(bits: i64) -> Mode {
    Mode::from_bits_truncate(bits as nix::libc::mode_t)
}

fn open_file(path: &OsStr, flags: i64, bits: i64) -> nix::Result<Outcome> {
    let flags = OFlag::from_bits_retain(flags as i32) | OFlag::O_CLOEXEC;
    let file = open(path, flags, mode(bits))?;
    Ok(Outcome::Number(f64::from(file.into_raw_fd())))
}

fn read(fd: RawFd, length: i64, position: i64) -> nix::Result<Outcome> {
    let mut bytes = vec![0; length.max(0) as usize];
    let taken = if position < 0 {
        unistd::read(borrow(fd), &mut bytes)?
    } else {
        nix::sys::uio::pread(borrow(fd), &mut bytes, position)?
    };
    bytes.truncate(taken);
    Ok(Outcome::Bytes(bytes))
}

fn rest(fd: RawFd) -> nix::Result<Outcome> {
    let mut bytes = Vec::new();
    let mut piece = [0; 16_384];
    loop {
        match unistd::read(borrow(fd), &mut piece)? {
            0 => return Ok(Outcome::Bytes(bytes)),
            taken => bytes.extend(&piece[..taken]),
        }
    }
}

fn system(result: std::io::Result<()>) -> nix::Result<Outcome> {
    result.map(nothing).map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(0)))
}

fn rmdir(path: &OsStr) -> nix::Result<Outcome> {
    system(std::fs::remove_dir(path))
}

fn rename(from: &OsStr, to: &str) -> nix::Result<Outcome> {
    system(std::fs::rename(from, to))
}

fn readdir(path: &OsStr) -> nix::Result<Outcome> {
    let errno = |error: std::io::Error| Errno::from_raw(error.raw_os_error().unwrap_or(0));
    let mut names = Vec::new();
    for entry in std::fs::read_dir(path).map_err(errno)? {
        names.push(entry.map_err(errno)?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(Outcome::Texts(names))
}

fn realpath(path: &OsStr) -> nix::Result<Outcome> {
    match std::fs::canonicalize(path) {
        Ok(found) => Ok(Outcome::Text(found.to_string_lossy().into())),
        Err(error) => Err(Errno::from_raw(error.raw_os_error().unwrap_or(0))),
    }
}

fn inotify(path: &OsStr, mask: i64) -> nix::Result<Outcome> {
    let watcher = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?;
    watcher.add_watch(path, AddWatchFlags::from_bits_truncate(mask as u32))?;
    let fd: std::os::fd::OwnedFd = watcher.into();
    Ok(Outcome::Number(f64::from(fd.into_raw_fd())))
}
