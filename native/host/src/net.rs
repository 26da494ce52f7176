//! Sockets, which never block, and names of machines.

use crate::fault::{Fault, raise};
use crate::files::{borrow, bytes_of};
use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{
    AddressFamily, MsgFlags, Shutdown, SockFlag, SockProtocol, SockType, SockaddrStorage, accept4, bind, connect,
    getsockname, getsockopt, recv, send, setsockopt, shutdown, socket, socketpair, sockopt,
};
use rquickjs::{Ctx, Function, Object, Result, TypedArray, Value};
use std::ffi::CString;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsRawFd, IntoRawFd, OwnedFd, RawFd};

const OPTIONS: SockFlag = SockFlag::SOCK_NONBLOCK.union(SockFlag::SOCK_CLOEXEC);

/// Connections that nobody has taken yet: as many as Node lets wait.
const BACKLOG: libc::c_int = 511;

/// As a record of TLS has.
const MOST_AT_ONCE: usize = 16_384;

pub fn offer<'js>(ctx: &Ctx<'js>, native: &Object<'js>) -> Result<()> {
    let add = |name: &str, function: Result<Function<'js>>| native.set(name, function?);
    add(
        "connect",
        Function::new(ctx.clone(), |ctx: Ctx<'js>, address: String, port: u16| {
            raise(&ctx, "connect", parse(&address).and_then(|ip| connect_to(SocketAddr::new(ip, port))))
        }),
    )?;
    add(
        "socketError",
        Function::new(ctx.clone(), |ctx: Ctx<'js>, fd: RawFd| {
            let found = getsockopt(&borrow(fd), sockopt::SocketError);
            let result = found.and_then(|errno| if errno == 0 { Ok(()) } else { Err(Errno::from_raw(errno)) });
            raise(&ctx, "connect", result)
        }),
    )?;
    add(
        "listen",
        Function::new(ctx.clone(), |ctx: Ctx<'js>, address: String, port: u16| {
            raise(&ctx, "listen", listen_on(&address, port))
        }),
    )?;
    add(
        "accept",
        Function::new(ctx.clone(), |ctx: Ctx<'js>, listener: RawFd| {
            let fd = raise(&ctx, "accept", unless_blocked(accept4(borrow(listener), OPTIONS)))?;
            Ok::<_, rquickjs::Error>(fd.map(|fd| {
                no_delay(fd.as_raw_fd());
                fd.into_raw_fd()
            }))
        }),
    )?;
    add(
        "socketName",
        Function::new(ctx.clone(), |ctx: Ctx<'js>, fd: RawFd| {
            let name: SockaddrStorage = raise(&ctx, "getsockname", getsockname(fd))?;
            let object = Object::new(ctx)?;
            let (address, port) = match (name.as_sockaddr_in(), name.as_sockaddr_in6()) {
                (Some(name), _) => (name.ip().to_string(), name.port()),
                (_, Some(name)) => (name.ip().to_string(), name.port()),
                _ => (String::new(), 0),
            };
            object.set("address", address)?;
            object.set("port", port)?;
            Ok::<_, rquickjs::Error>(object)
        }),
    )?;
    add(
        "keepAlive",
        Function::new(ctx.clone(), |fd: RawFd, seconds: u32| {
            // A connection that cannot be probed is as good as one that is not.
            let _ = setsockopt(&borrow(fd), sockopt::KeepAlive, &(seconds > 0));
            if seconds > 0 {
                let _ = setsockopt(&borrow(fd), sockopt::TcpKeepIdle, &seconds);
                let _ = setsockopt(&borrow(fd), sockopt::TcpKeepInterval, &1);
                let _ = setsockopt(&borrow(fd), sockopt::TcpKeepCount, &10);
            }
        }),
    )?;
    add(
        "shutdown",
        Function::new(ctx.clone(), |fd: RawFd| {
            // The peer may be gone already.
            let _ = shutdown(fd, Shutdown::Write);
        }),
    )?;
    add("receive", Function::new(ctx.clone(), receive))?;
    add(
        "send",
        Function::new(ctx.clone(), |ctx: Ctx<'js>, fd: RawFd, bytes: Value<'js>| {
            let bytes = bytes_of(&ctx, bytes)?;
            let sent = match send(fd, &bytes, MsgFlags::MSG_NOSIGNAL) {
                Err(Errno::ENOTSOCK) => nix::unistd::write(borrow(fd), &bytes),
                result => result,
            };
            Ok::<_, rquickjs::Error>(raise(&ctx, "write", unless_blocked(sent))?.unwrap_or(0))
        }),
    )?;
    add(
        "socketpair",
        Function::new(ctx.clone(), |ctx: Ctx<'js>| {
            let made = socketpair(AddressFamily::Unix, SockType::Stream, None, SockFlag::SOCK_CLOEXEC);
            let (ours, theirs) = raise(&ctx, "socketpair", made)?;
            raise(&ctx, "fcntl", never_block(&ours))?;
            Ok::<_, rquickjs::Error>(vec![ours.into_raw_fd(), theirs.into_raw_fd()])
        }),
    )?;
    add(
        "pipe",
        Function::new(ctx.clone(), |ctx: Ctx<'js>| {
            let (ours, theirs) = raise(&ctx, "pipe", nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC))?;
            raise(&ctx, "fcntl", never_block(&ours))?;
            Ok::<_, rquickjs::Error>(vec![ours.into_raw_fd(), theirs.into_raw_fd()])
        }),
    )
}

fn receive<'js>(ctx: Ctx<'js>, fd: RawFd, most: usize) -> Result<Option<TypedArray<'js, u8>>> {
    let mut room = [0; MOST_AT_ONCE];
    let room = &mut room[..most.min(MOST_AT_ONCE)];
    let taken = match recv(fd, room, MsgFlags::empty()) {
        Err(Errno::ENOTSOCK) => nix::unistd::read(borrow(fd), room),
        result => result,
    };
    let Some(taken) = raise(&ctx, "read", unless_blocked(taken))? else { return Ok(None) };
    TypedArray::new_copy(ctx, &room[..taken]).map(Some)
}

fn unless_blocked<T>(result: nix::Result<T>) -> nix::Result<Option<T>> {
    match result {
        Err(Errno::EAGAIN | Errno::EINTR) => Ok(None),
        other => other.map(Some),
    }
}

fn never_block(fd: &OwnedFd) -> nix::Result<()> {
    use nix::fcntl::{FcntlArg, OFlag, fcntl};
    fcntl(fd, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).map(drop)
}

fn no_delay(fd: RawFd) {
    // A speed-up, no need.
    let _ = setsockopt(&borrow(fd), sockopt::TcpNoDelay, &true);
}

fn parse(address: &str) -> nix::Result<IpAddr> {
    address.parse().map_err(|_| Errno::EINVAL)
}

fn open(address: SocketAddr) -> nix::Result<OwnedFd> {
    let family = if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    socket(family, SockType::Stream, OPTIONS, SockProtocol::Tcp)
}

fn connect_to(address: SocketAddr) -> nix::Result<RawFd> {
    let fd = open(address)?;
    no_delay(fd.as_raw_fd());
    match connect(fd.as_raw_fd(), &SockaddrStorage::from(address)) {
        Ok(()) | Err(Errno::EINPROGRESS) => Ok(fd.into_raw_fd()),
        Err(errno) => Err(errno),
    }
}

fn listen_on(address: &str, port: u16) -> nix::Result<RawFd> {
    if !address.is_empty() {
        return listen_at(SocketAddr::new(parse(address)?, port));
    }
    // One for both kinds of addresses, where the machine has IPv6.
    listen_at((Ipv6Addr::UNSPECIFIED, port).into()).or_else(|errno| match errno {
        Errno::EAFNOSUPPORT | Errno::EADDRNOTAVAIL => listen_at((Ipv4Addr::UNSPECIFIED, port).into()),
        other => Err(other),
    })
}

fn listen_at(address: SocketAddr) -> nix::Result<RawFd> {
    let fd = open(address)?;
    setsockopt(&fd, sockopt::ReuseAddr, &true)?;
    bind(fd.as_raw_fd(), &SockaddrStorage::from(address))?;
    // SAFETY: listen takes two numbers. nix takes no more than musl's constant, which the kernel does not know.
    Errno::result(unsafe { libc::listen(fd.as_raw_fd(), BACKLOG) })?;
    Ok(fd.into_raw_fd())
}

/// The addresses of a name, in the resolver's order.
pub fn resolve(host: &str) -> std::result::Result<Vec<String>, Fault> {
    let failed = |code: &str| {
        let mut fault = Fault::coded(code, format!("getaddrinfo {code} {host}"));
        (fault.errno, fault.call) = (-3008, "getaddrinfo");
        fault
    };
    let name = CString::new(host).map_err(|_| failed("ENOTFOUND"))?;
    let mut addresses = Vec::new();
    // SAFETY: getaddrinfo is given a string with its end and room for one pointer. The list that it makes is read before
    // it is freed, and each address in it is of the kind that its family says.
    unsafe {
        let mut hints: libc::addrinfo = std::mem::zeroed();
        hints.ai_socktype = libc::SOCK_STREAM;
        let mut list = std::ptr::null_mut();
        match libc::getaddrinfo(name.as_ptr(), std::ptr::null(), &raw const hints, &raw mut list) {
            0 => {}
            libc::EAI_AGAIN => return Err(failed("EAI_AGAIN")),
            _ => return Err(failed("ENOTFOUND")),
        }
        let mut entry = list;
        while let Some(found) = entry.as_ref() {
            match found.ai_family {
                libc::AF_INET => {
                    let raw = (*found.ai_addr.cast::<libc::sockaddr_in>()).sin_addr.s_addr;
                    addresses.push(Ipv4Addr::from(u32::from_be(raw)).to_string());
                }
                libc::AF_INET6 => {
                    let raw = (*found.ai_addr.cast::<libc::sockaddr_in6>()).sin6_addr.s6_addr;
                    addresses.push(Ipv6Addr::from(raw).to_string());
                }
                _ => {}
            }
            entry = found.ai_next;
        }
        libc::freeaddrinfo(list);
    }
    Ok(addresses)
}
