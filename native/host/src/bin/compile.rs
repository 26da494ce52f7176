//! compile OUT FILE…: compiles ES modules to bytecode, into one file that program.rs reads.

use k8s_leader_host::Names;
use rquickjs::loader::{ImportAttributes, Loader};
use rquickjs::module::{Declared, WriteOptions};
use rquickjs::{CatchResultExt, Context, Ctx, Module, Result, Runtime};
use std::error::Error;
use std::path::{Path, PathBuf};

/// Compiling a module makes the engine look at those that it imports: they are in the same folder.
struct Folder(PathBuf);

impl Loader for Folder {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _: Option<ImportAttributes<'js>>,
    ) -> Result<Module<'js, Declared>> {
        Module::declare(ctx.clone(), name, std::fs::read(self.0.join(name))?)
    }
}

fn main() -> std::result::Result<(), Box<dyn Error>> {
    let mut paths = std::env::args_os().skip(1).map(PathBuf::from);
    let out = paths.next().ok_or("compile OUT FILE…")?;
    let mut modules = Vec::new();
    for path in paths {
        let name = path.file_name().and_then(|name| name.to_str()).ok_or("a file has no name")?;
        for piece in [name.as_bytes(), &compiled(&path, name)?] {
            modules.extend(u32::try_from(piece.len())?.to_le_bytes());
            modules.extend(piece);
        }
    }
    Ok(std::fs::write(out, modules)?)
}

fn compiled(path: &Path, name: &str) -> std::result::Result<Vec<u8>, Box<dyn Error>> {
    let source = std::fs::read(path)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let runtime = Runtime::new()?;
    runtime.set_loader(Names, Folder(folder.into()));
    Context::full(&runtime)?.with(|ctx| {
        let options = WriteOptions { strip_source: true, ..WriteOptions::default() };
        let code = Module::declare(ctx.clone(), name, source).and_then(|module| module.write(options));
        code.catch(&ctx).map_err(|error| error.to_string().into())
    })
}
