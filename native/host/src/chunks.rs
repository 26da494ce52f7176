//! The body of an HTTP/1.1 answer that comes in pieces with their sizes.

use crate::fault::Fault;
use crate::files::bytes_of;
use rquickjs::{Ctx, Function, Object, Result, TypedArray, Value};
use std::cell::RefCell;
use std::rc::Rc;

const MOST_LINE_BYTES: usize = 8_192;

#[derive(Clone, Copy, PartialEq)]
enum Next {
    Size,
    Bytes(usize),
    /// Of a piece.
    End,
    Trailers,
    Nothing,
}

struct Chunks {
    next: Next,
    /// As far as it has come.
    line: Vec<u8>,
}

impl Chunks {
    /// What is of the body in these bytes.
    fn take(&mut self, mut bytes: &[u8]) -> std::result::Result<Vec<u8>, &'static str> {
        let mut body = Vec::new();
        while !bytes.is_empty() && self.next != Next::Nothing {
            if let Next::Bytes(left) = self.next {
                let (piece, rest) = bytes.split_at(left.min(bytes.len()));
                body.extend(piece);
                bytes = rest;
                self.next = if piece.len() == left { Next::End } else { Next::Bytes(left - piece.len()) };
                continue;
            }
            let end = bytes.iter().position(|byte| *byte == b'\n');
            let (piece, rest) = bytes.split_at(end.map_or(bytes.len(), |end| end + 1));
            self.line.extend(piece);
            bytes = rest;
            if self.line.len() > MOST_LINE_BYTES {
                return Err("a line of the answer is too long");
            }
            if end.is_some() {
                self.next = self.after_line()?;
                self.line.clear();
            }
        }
        Ok(body)
    }

    fn after_line(&self) -> std::result::Result<Next, &'static str> {
        let line = self.line.trim_ascii();
        match self.next {
            Next::Size => match size_in(line) {
                Some(0) => Ok(Next::Trailers),
                Some(size) => Ok(Next::Bytes(size)),
                None => Err("a piece of the answer has no size"),
            },
            Next::End => Ok(Next::Size),
            Next::Trailers if line.is_empty() => Ok(Next::Nothing),
            other => Ok(other),
        }
    }
}

/// Something else may follow it.
fn size_in(line: &[u8]) -> Option<usize> {
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    usize::from_str_radix(std::str::from_utf8(&line[..digits]).ok()?, 16).ok()
}

pub fn offer<'js>(ctx: &Ctx<'js>, native: &Object<'js>) -> Result<()> {
    native.set("chunks", Function::new(ctx.clone(), begin)?)
}

fn begin<'js>(ctx: Ctx<'js>) -> Result<Object<'js>> {
    let chunks = Rc::new(RefCell::new(Chunks { next: Next::Size, line: Vec::new() }));
    let object = Object::new(ctx.clone())?;
    let shared = chunks.clone();
    let take = move |ctx: Ctx<'js>, bytes: Value<'js>| {
        let taken = shared.borrow_mut().take(&bytes_of(&ctx, bytes)?);
        let body = taken.map_err(|why| Fault::coded("HPE_INVALID", why.into()).throw(&ctx))?;
        TypedArray::<u8>::new(ctx, body)
    };
    object.set("take", Function::new(ctx.clone(), take)?)?;
    let is_over = move || chunks.borrow().next == Next::Nothing;
    object.set("isOver", Function::new(ctx, is_over)?)?;
    Ok(object)
}
