//! Rejections and exceptions that nobody catches are defects: told on stderr, with status 70.

use rquickjs::{Ctx, Exception, Persistent, Result, Runtime, Value};
use std::cell::RefCell;
use std::rc::Rc;

const DEFECT: i32 = 70;

type Rejection = (Persistent<Value<'static>>, Persistent<Value<'static>>);

thread_local! {
    /// Rejected promises that nobody has looked at, with their reasons.
    static REJECTED: Rc<RefCell<Vec<Rejection>>> = Rc::default();
}

pub fn track(runtime: &Runtime) {
    let rejected = REJECTED.with(Rc::clone);
    runtime.set_host_promise_rejection_tracker(Some(Box::new(move |ctx, promise, reason, is_handled| {
        let mut rejected = rejected.borrow_mut();
        if is_handled {
            rejected.retain(|(known, _)| known.clone().restore(&ctx).is_ok_and(|known| known != promise));
        } else {
            rejected.push((Persistent::save(&ctx, promise), Persistent::save(&ctx, reason)));
        }
    })));
}

/// To be called when all jobs are done: who has not caught by then never will.
pub fn check(ctx: &Ctx<'_>) -> Result<()> {
    let first = REJECTED.with(|rejected| rejected.borrow_mut().pop());
    match first {
        Some((_, reason)) => Err(ctx.throw(reason.restore(ctx)?)),
        None => Ok(()),
    }
}

/// Tells the exception that is under way, and ends the process.
pub fn end(ctx: &Ctx<'_>) -> ! {
    let thrown = ctx.catch();
    let text = match thrown.as_object().cloned().and_then(Exception::from_object) {
        Some(error) => format!("{}\n{}", error.message().unwrap_or_default(), error.stack().unwrap_or_default()),
        None => format!("{thrown:?}"),
    };
    defect(&text)
}

pub fn defect(text: &str) -> ! {
    use std::io::Write;
    let line = format!("k8s-leader: error: this is a defect, please report it: {text}\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
    std::process::exit(DEFECT)
}
