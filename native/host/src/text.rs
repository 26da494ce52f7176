//! Text, bytes and URLs.

use crate::fault::Fault;
use crate::files::bytes_of;
use rquickjs::function::Opt;
use rquickjs::{Ctx, Function, Object, Result, TypedArray, Value};
use url::{Position, Url};

pub fn offer<'js>(ctx: &Ctx<'js>, native: &Object<'js>) -> Result<()> {
    let utf8 = |ctx: Ctx<'js>, text: rquickjs::String<'js>| TypedArray::<u8>::new(ctx, text.to_string()?.into_bytes());
    native.set("utf8", Function::new(ctx.clone(), utf8)?)?;
    let text = |ctx: Ctx<'js>, bytes: Value<'js>| {
        Ok::<_, rquickjs::Error>(String::from_utf8_lossy(&bytes_of(&ctx, bytes)?).into_owned())
    };
    native.set("text", Function::new(ctx.clone(), text)?)?;
    native.set("url", Function::new(ctx.clone(), parse)?)
}

fn parse<'js>(ctx: Ctx<'js>, text: String, base: Opt<Option<String>>) -> Result<Object<'js>> {
    let invalid = |_| Fault::coded("ERR_INVALID_URL", "Invalid URL".into()).throw(&ctx);
    let base = base.0.flatten().map(|base| Url::parse(&base)).transpose().map_err(invalid)?;
    let url = Url::options().base_url(base.as_ref()).parse(&text).map_err(invalid)?;
    let parts = Object::new(ctx)?;
    parts.set("href", url.as_str())?;
    parts.set("protocol", format!("{}:", url.scheme()))?;
    parts.set("username", url.username())?;
    parts.set("password", url.password().unwrap_or_default())?;
    parts.set("hostname", url.host_str().unwrap_or_default())?;
    parts.set("port", url.port().map_or(String::new(), |port| port.to_string()))?;
    parts.set("pathname", url.path())?;
    parts.set(
        "search",
        url.query().filter(|query| !query.is_empty()).map_or(String::new(), |query| format!("?{query}")),
    )?;
    parts.set("hash", url[Position::AfterQuery..].to_owned())?;
    Ok(parts)
}
