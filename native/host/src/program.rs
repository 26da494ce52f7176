//! The program inside of us: modules by their names, as bytecode.

use rquickjs::loader::{ImportAttributes, Loader, Resolver};
use rquickjs::module::Declared;
use rquickjs::{Ctx, Error, Module, Result};
use std::sync::OnceLock;

/// For each module the length of its name, its name, the length of its code, its code.
pub static MODULES: OnceLock<&'static [u8]> = OnceLock::new();

pub fn start(ctx: &Ctx<'_>) -> Result<()> {
    load(ctx, "entry.js")?.eval().map(drop)
}

fn load<'js>(ctx: &Ctx<'js>, name: &str) -> Result<Module<'js, Declared>> {
    let code = find(name).ok_or_else(|| Error::new_loading(name))?;
    // SAFETY: the same version of QuickJS has made it in the build.
    unsafe { Module::load(ctx.clone(), code) }
}

fn find(name: &str) -> Option<&'static [u8]> {
    let mut left = *MODULES.get()?;
    while !left.is_empty() {
        let (its_name, rest) = piece(left);
        let (code, rest) = piece(rest);
        if its_name == name.as_bytes() {
            return Some(code);
        }
        left = rest;
    }
    None
}

fn piece(bytes: &'static [u8]) -> (&'static [u8], &'static [u8]) {
    let (length, rest) = bytes.split_at(4);
    let length = u32::from_le_bytes([length[0], length[1], length[2], length[3]]);
    rest.split_at(length as usize)
}

/// All modules are in one folder.
pub struct Names;

impl Resolver for Names {
    fn resolve<'js>(&mut self, _: &Ctx<'js>, _: &str, name: &str, _: Option<ImportAttributes<'js>>) -> Result<String> {
        Ok(name.rsplit('/').next().unwrap_or(name).to_owned())
    }
}

pub struct Program;

impl Loader for Program {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _: Option<ImportAttributes<'js>>,
    ) -> Result<Module<'js, Declared>> {
        load(ctx, name)
    }
}
