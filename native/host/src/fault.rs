//! What the system says when it refuses, as Node would put it: `ENOENT: no such file or directory, open '/x'`.

use nix::errno::Errno;
use rquickjs::{Ctx, Error, Exception, Result, Value};

/// Made on any thread; it becomes an exception where JavaScript runs.
pub struct Fault {
    pub code: String,
    pub message: String,
    pub errno: i32,
    pub call: &'static str,
    pub path: Option<String>,
}

impl Fault {
    pub fn of(errno: Errno, call: &'static str, path: Option<&str>) -> Self {
        let code = format!("{errno:?}");
        let place = path.map(|path| format!(" '{path}'")).unwrap_or_default();
        let message = format!("{code}: {}, {call}{place}", describe(errno));
        Self { code, message, errno: -(errno as i32), call, path: path.map(String::from) }
    }

    pub fn coded(code: &str, message: String) -> Self {
        Self { code: code.into(), message, errno: 0, call: "", path: None }
    }

    pub fn value<'js>(&self, ctx: &Ctx<'js>) -> Result<Value<'js>> {
        let error = Exception::from_message(ctx.clone(), &self.message)?.into_object();
        error.set("code", self.code.as_str())?;
        if self.errno != 0 {
            error.set("errno", self.errno)?;
            error.set("syscall", self.call)?;
        }
        if let Some(path) = &self.path {
            error.set("path", path.as_str())?;
        }
        Ok(error.into_value())
    }

    pub fn throw(&self, ctx: &Ctx<'_>) -> Error {
        match self.value(ctx) {
            Ok(value) => ctx.throw(value),
            Err(error) => error,
        }
    }
}

/// For calls about no file.
pub fn raise<T>(ctx: &Ctx<'_>, call: &'static str, result: nix::Result<T>) -> Result<T> {
    result.map_err(|errno| Fault::of(errno, call, None).throw(ctx))
}

/// libuv's words, where they differ from the C library's by more than the first letter.
fn describe(errno: Errno) -> String {
    match errno {
        Errno::EEXIST => "file already exists".into(),
        Errno::EISDIR => "illegal operation on a directory".into(),
        Errno::EBADF => "bad file descriptor".into(),
        Errno::EMFILE => "too many open files".into(),
        Errno::ENFILE => "file table overflow".into(),
        Errno::ELOOP => "too many symbolic links encountered".into(),
        Errno::EIO => "i/o error".into(),
        Errno::ETIMEDOUT => "connection timed out".into(),
        Errno::ENETUNREACH => "network is unreachable".into(),
        Errno::EHOSTUNREACH => "host is unreachable".into(),
        other => {
            let text = other.desc();
            text[..1].to_lowercase() + &text[1..]
        }
    }
}
