//! The event loop: timers, descriptors, threads, signals and children, by one poll(2).

use crate::fault::Fault;
use crate::files::{Args, Outcome, borrow, operate};
use nix::libc;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::time::TimeSpec;
use rquickjs::function::Rest;
use rquickjs::{Ctx, Function, Object, Promise, Result, Value};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::os::fd::{AsFd, RawFd};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

/// What a thread has done, by the number of its work.
type Done = (u32, std::result::Result<Outcome, Fault>);

pub struct Turns<'js> {
    ctx: Ctx<'js>,
    ids: Cell<u32>,
    timers: RefCell<BTreeMap<(Instant, u32), Function<'js>>>,
    due: RefCell<HashMap<u32, Instant>>,
    watches: RefCell<BTreeMap<RawFd, (PollFlags, Function<'js>)>>,
    children: RefCell<HashMap<i32, Function<'js>>>,
    listener: RefCell<Option<Function<'js>>>,
    signals: SignalFd,
    works: RefCell<HashMap<u32, [Function<'js>; 2]>>,
    sender: Sender<Done>,
    done: Receiver<Done>,
    bell: Arc<EventFd>,
}

/// `getaddrinfo` of musl has tables of some ten kilobytes on its stack.
const STACK: usize = 128 * 1024;

impl<'js> Turns<'js> {
    pub fn new(ctx: &Ctx<'js>, blocked: &SigSet) -> nix::Result<Rc<Self>> {
        let (sender, done) = channel();
        Ok(Rc::new(Self {
            ctx: ctx.clone(),
            ids: Cell::new(0),
            timers: RefCell::default(),
            due: RefCell::default(),
            watches: RefCell::default(),
            children: RefCell::default(),
            listener: RefCell::default(),
            signals: SignalFd::with_flags(blocked, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?,
            works: RefCell::default(),
            sender,
            done,
            bell: Arc::new(EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?),
        }))
    }

    /// Puts what JavaScript may ask of the loop into `native`.
    pub fn offer(self: &Rc<Self>, native: &Object<'js>) -> Result<()> {
        let ctx = &self.ctx;
        let turns = self.clone();
        let timer = move |ms: f64, callback: Function<'js>| turns.set_timer(ms, callback);
        native.set("timer", Function::new(ctx.clone(), timer)?)?;
        let turns = self.clone();
        let cancel = move |id: u32| {
            if let Some(at) = turns.due.borrow_mut().remove(&id) {
                turns.timers.borrow_mut().remove(&(at, id));
            }
        };
        native.set("cancel", Function::new(ctx.clone(), cancel)?)?;
        let turns = self.clone();
        let watch = move |fd: RawFd, events: u32, callback: rquickjs::function::Opt<Function<'js>>| {
            turns.watch(fd, events, callback.0);
        };
        native.set("watch", Function::new(ctx.clone(), watch)?)?;
        let turns = self.clone();
        let listen = move |listener: Function<'js>| {
            *turns.listener.borrow_mut() = Some(listener);
        };
        native.set("signals", Function::new(ctx.clone(), listen)?)?;
        let turns = self.clone();
        let on_exit = move |pid: i32, callback: Function<'js>| {
            turns.children.borrow_mut().insert(pid, callback);
        };
        native.set("onExit", Function::new(ctx.clone(), on_exit)?)?;
        let turns = self.clone();
        let thread = move |ctx: Ctx<'js>, operation: String, values: Rest<Value<'js>>| {
            let args = Args::from(&ctx, values.0)?;
            turns.hand_over(operation, args)
        };
        native.set("thread", Function::new(ctx.clone(), thread)?)?;
        let turns = self.clone();
        native.set("threads", Function::new(ctx.clone(), move || turns.works.borrow().len())?)
    }

    fn next_id(&self) -> u32 {
        self.ids.set(self.ids.get().wrapping_add(1));
        self.ids.get()
    }

    fn set_timer(&self, ms: f64, callback: Function<'js>) -> u32 {
        let id = self.next_id();
        let at = Instant::now() + Duration::from_secs_f64(ms.clamp(0.0, f64::from(i32::MAX)) / 1e3);
        self.timers.borrow_mut().insert((at, id), callback);
        self.due.borrow_mut().insert(id, at);
        id
    }

    fn watch(&self, fd: RawFd, events: u32, callback: Option<Function<'js>>) {
        let mut flags = PollFlags::empty();
        flags.set(PollFlags::POLLIN, events & 1 != 0);
        flags.set(PollFlags::POLLOUT, events & 2 != 0);
        let mut watches = self.watches.borrow_mut();
        match callback {
            Some(callback) if events != 0 => drop(watches.insert(fd, (flags, callback))),
            _ => drop(watches.remove(&fd)),
        }
    }

    fn hand_over(&self, operation: String, args: Args) -> Result<Promise<'js>> {
        let (promise, resolve, reject) = self.ctx.promise()?;
        let id = self.next_id();
        self.works.borrow_mut().insert(id, [resolve, reject]);
        let (sender, bell) = (self.sender.clone(), self.bell.clone());
        let work = Arc::new(move || {
            let outcome = operate(&operation, &args);
            // Nobody is left to be told when the process ends.
            let _ = sender.send((id, outcome));
            let _ = bell.write(1);
        });
        let on_thread = work.clone();
        if std::thread::Builder::new().stack_size(STACK).spawn(move || on_thread()).is_err() {
            // CMD may have taken every process that we may have: better at once than not at all.
            work();
        }
        Ok(promise)
    }

    /// Runs until somebody ends the process. Returns what nobody has caught.
    pub fn run(&self) -> Result<()> {
        loop {
            self.settle()?;
            let (ready, is_signalled, is_done) = self.wait();
            self.fire_timers()?;
            if is_signalled {
                self.take_signals()?;
            }
            if is_done {
                self.take_done()?;
            }
            for (fd, events) in ready {
                let callback = self.watches.borrow().get(&fd).map(|(_, callback)| callback.clone());
                if let Some(callback) = callback {
                    self.call(&callback, (events,))?;
                }
            }
        }
    }

    /// Runs the jobs of promises until there are none.
    fn settle(&self) -> Result<()> {
        while self.ctx.execute_pending_job() {}
        crate::uncaught::check(&self.ctx)
    }

    fn call<A: rquickjs::function::IntoArgs<'js>>(&self, callback: &Function<'js>, args: A) -> Result<()> {
        callback.call::<A, ()>(args)?;
        self.settle()
    }

    fn wait(&self) -> (Vec<(RawFd, u32)>, bool, bool) {
        let watched: Vec<_> = self.watches.borrow().iter().map(|(fd, (flags, _))| (*fd, *flags)).collect();
        let mut fds = vec![
            PollFd::new(self.signals.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.bell.as_fd(), PollFlags::POLLIN),
        ];
        // Before somebody listens, signals stay where they are.
        if self.listener.borrow().is_none() && self.children.borrow().is_empty() {
            fds[0].set_events(PollFlags::empty());
        }
        fds.extend(watched.iter().map(|(fd, flags)| PollFd::new(borrow(*fd), *flags)));
        let next = self.timers.borrow().keys().next().map(|(at, _)| *at);
        let pause = next.map(|at| TimeSpec::from_duration(at.saturating_duration_since(Instant::now())));
        if ppoll(&mut fds, pause, None).is_err() {
            return (Vec::new(), false, false);
        }
        let seen = |index: usize| fds[index].revents().unwrap_or(PollFlags::empty());
        let ready = watched.iter().enumerate().filter_map(|(index, (fd, _))| {
            let events = seen(index + 2);
            let bits = u32::from(events.contains(PollFlags::POLLIN))
                | u32::from(events.contains(PollFlags::POLLOUT)) << 1
                | u32::from(events.intersects(PollFlags::POLLERR | PollFlags::POLLHUP | PollFlags::POLLNVAL)) << 2;
            (bits != 0).then_some((*fd, bits))
        });
        (ready.collect(), !seen(0).is_empty(), !seen(1).is_empty())
    }

    /// Those that are due now; what they set is for the next turn.
    fn fire_timers(&self) -> Result<()> {
        let now = Instant::now();
        let newest = self.ids.get();
        loop {
            let next = self.timers.borrow().keys().next().copied();
            match next {
                Some((at, id)) if at <= now && id <= newest => {
                    let callback = self.timers.borrow_mut().remove(&(at, id));
                    self.due.borrow_mut().remove(&id);
                    if let Some(callback) = callback {
                        self.call(&callback, ())?;
                    }
                }
                _ => return Ok(()),
            }
        }
    }

    fn take_signals(&self) -> Result<()> {
        while let Ok(Some(info)) = self.signals.read_signal() {
            if info.ssi_signo == Signal::SIGCHLD as u32 {
                self.reap()?;
                continue;
            }
            let listener = self.listener.borrow().clone();
            if let Some(listener) = listener {
                self.call(&listener, (info.ssi_signo,))?;
            }
        }
        Ok(())
    }

    /// Also strangers: as PID 1 we inherit everybody's orphans.
    fn reap(&self) -> Result<()> {
        loop {
            let mut status = 0;
            // SAFETY: waitpid writes the one number that it is given. nix knows no real-time signals.
            let pid = unsafe { libc::waitpid(-1, &raw mut status, libc::WNOHANG) };
            if pid <= 0 {
                return Ok(());
            }
            let callback = self.children.borrow_mut().remove(&pid);
            if let Some(callback) = callback {
                self.call(&callback, (status,))?;
            }
        }
    }

    fn take_done(&self) -> Result<()> {
        let _ = self.bell.read();
        while let Ok((id, outcome)) = self.done.try_recv() {
            let Some([resolve, reject]) = self.works.borrow_mut().remove(&id) else { continue };
            match outcome {
                Ok(outcome) => self.call(&resolve, (outcome,))?,
                Err(fault) => self.call(&reject, (fault.value(&self.ctx)?,))?,
            }
        }
        Ok(())
    }
}
