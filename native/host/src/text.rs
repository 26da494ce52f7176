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
    let latin1 = |ctx: Ctx<'js>, text: rquickjs::String<'js>| {
        TypedArray::<u8>::new(ctx, text.to_string()?.chars().map(|each| each as u8).collect::<Vec<_>>())
    };
    native.set("latin1", Function::new(ctx.clone(), latin1)?)?;
    let text_of_latin1 = |ctx: Ctx<'js>, bytes: Value<'js>| {
        Ok::<_, rquickjs::Error>(bytes_of(&ctx, bytes)?.iter().map(|byte| char::from(*byte)).collect::<String>())
    };
    native.set("textOfLatin1", Function::new(ctx.clone(), text_of_latin1)?)?;
    native.set("find", Function::new(ctx.clone(), find)?)?;
    let compare = |ctx: Ctx<'js>, one: Value<'js>, other: Value<'js>| {
        Ok::<_, rquickjs::Error>(bytes_of(&ctx, one)?.cmp(&bytes_of(&ctx, other)?) as i32)
    };
    native.set("compare", Function::new(ctx.clone(), compare)?)?;
    native.set("url", Function::new(ctx.clone(), parse)?)
}

fn find<'js>(ctx: Ctx<'js>, bytes: Value<'js>, what: Value<'js>, from: usize) -> Result<Option<usize>> {
    let (bytes, what) = (bytes_of(&ctx, bytes)?, bytes_of(&ctx, what)?);
    let rest = bytes.get(from..).unwrap_or_default();
    if what.is_empty() {
        return Ok(Some(from.min(bytes.len())));
    }
    Ok(rest.windows(what.len()).position(|window| window == what).map(|place| from + place))
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
