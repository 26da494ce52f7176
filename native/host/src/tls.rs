//! TLS without a socket: JavaScript carries the bytes. Faults have the codes that Node has for them.

use crate::fault::Fault;
use crate::files::bytes_of;
use rquickjs::{Ctx, Function, IntoJs, Object, Result, TypedArray, Value};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme,
};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::rc::Rc;
use std::sync::Arc;

pub fn offer<'js>(ctx: &Ctx<'js>, native: &Object<'js>) -> Result<()> {
    native.set("tls", Function::new(ctx.clone(), prepare)?)?;
    native.set("parseHead", Function::new(ctx.clone(), parse_head)?)
}

fn prepare<'js>(ctx: Ctx<'js>, options: Object<'js>) -> Result<Object<'js>> {
    let pem = |name: &str| match options.get::<_, Value>(name)? {
        value if value.is_undefined() || value.is_null() => Ok(None),
        value => bytes_of(&ctx, value).map(Some),
    };
    let (ca, cert, key) = (pem("ca")?, pem("cert")?, pem("key")?);
    let verify = options.get::<_, Option<bool>>("verify")?.unwrap_or(true);
    let config = configure(ca, cert, key, verify).map_err(|fault| fault.throw(&ctx))?;
    let config = Arc::new(config);
    let object = Object::new(ctx.clone())?;
    let open = move |ctx: Ctx<'js>, name: String| connect(&ctx, config.clone(), name);
    object.set("connect", Function::new(ctx, open)?)?;
    Ok(object)
}

type Fallible<T> = std::result::Result<T, Fault>;

fn unusable(what: &str, why: impl std::fmt::Display) -> Fault {
    Fault::coded("ERR_OSSL_PEM", format!("the {what} cannot be used: {why}"))
}

fn certificates(what: &str, pem: &[u8]) -> Fallible<Vec<CertificateDer<'static>>> {
    let found: std::result::Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Ok(found) if found.is_empty() => {
            Err(Fault::coded("ERR_OSSL_PEM_NO_START_LINE", format!("the {what} is no PEM")))
        }
        Ok(found) => Ok(found),
        Err(error) => Err(unusable(what, error)),
    }
}

/// Where systems have the authorities that they trust, as Go knows them.
const BUNDLES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

fn system_bundle() -> Vec<u8> {
    let named = std::env::var("SSL_CERT_FILE").ok();
    let found = named.iter().map(String::as_str).chain(BUNDLES).find_map(|path| std::fs::read(path).ok());
    found.unwrap_or_default()
}

fn configure(ca: Option<Vec<u8>>, cert: Option<Vec<u8>>, key: Option<Vec<u8>>, verify: bool) -> Fallible<ClientConfig> {
    let provider = Arc::new(ring::default_provider());
    let mut roots = RootCertStore::empty();
    let mut trusted = Vec::new();
    match ca {
        Some(pem) => {
            for authority in certificates("CA", &pem)? {
                roots.add(authority.clone()).map_err(|error| unusable("CA", error))?;
                trusted.push(authority);
            }
        }
        None if verify => {
            let _ = roots.add_parsable_certificates(CertificateDer::pem_slice_iter(&system_bundle()).flatten());
        }
        None => {}
    }
    let webpki = if verify && !roots.is_empty() {
        let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone());
        Some(builder.build().map_err(|error| unusable("CA", error))?)
    } else {
        None
    };
    let verifier = Verifier { webpki, trusted, verify, provider: provider.clone() };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable("TLS", error))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    match (cert, key) {
        (Some(cert), Some(key)) => {
            let chain = certificates("certificate", &cert)?;
            let key = PrivateKeyDer::from_pem_slice(&key).map_err(|error| unusable("key", error))?;
            builder.with_client_auth_cert(chain, key).map_err(|error| match error {
                rustls::Error::InconsistentKeys(_) => {
                    Fault::coded("ERR_OSSL_X509_KEY_VALUES_MISMATCH", "key values mismatch".into())
                }
                rustls::Error::General(why) => Fault::coded("ERR_OSSL_UNSUPPORTED", why),
                other => unusable("certificate", other),
            })
        }
        _ => Ok(builder.with_no_client_auth()),
    }
}

/// That of webpki, with what OpenSSL allows beyond it: a server whose own certificate is the configured CA.
#[derive(Debug)]
struct Verifier {
    webpki: Option<Arc<WebPkiServerVerifier>>,
    trusted: Vec<CertificateDer<'static>>,
    verify: bool,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        if !self.verify {
            return Ok(ServerCertVerified::assertion());
        }
        let Some(webpki) = &self.webpki else {
            return Err(CertificateError::UnknownIssuer.into());
        };
        match webpki.verify_server_cert(end, between, name, ocsp, now) {
            Err(rustls::Error::InvalidCertificate(CertificateError::Other(other)))
                if is_authority(&other) && self.trusted.iter().any(|trusted| trusted == end) =>
            {
                let parsed = rustls::server::ParsedCertificate::try_from(end)?;
                rustls::client::verify_server_name(&parsed, name)?;
                Ok(ServerCertVerified::assertion())
            }
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// webpki has no name of its own in rustls for a certificate that is an authority's and a server's at once.
fn is_authority(error: &OtherError) -> bool {
    format!("{error:?}").contains("CaUsedAsEndEntity")
}

fn fault(error: &rustls::Error) -> Fault {
    use CertificateError as Bad;
    let code = match error {
        rustls::Error::InvalidCertificate(bad) => match bad {
            Bad::Expired | Bad::ExpiredContext { .. } => "CERT_HAS_EXPIRED",
            Bad::NotValidYet | Bad::NotValidYetContext { .. } => "CERT_NOT_YET_VALID",
            Bad::NotValidForName | Bad::NotValidForNameContext { .. } => "ERR_TLS_CERT_ALTNAME_INVALID",
            Bad::BadSignature => "CERT_SIGNATURE_FAILURE",
            Bad::UnsupportedSignatureAlgorithmContext { .. }
            | Bad::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => "ERR_OSSL_UNSUPPORTED",
            _ => "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
        },
        rustls::Error::InvalidMessage(_) => "ERR_SSL_WRONG_VERSION_NUMBER",
        _ => "EPROTO",
    };
    Fault::coded(code, error.to_string())
}

/// A connection, and what has been decrypted of it.
struct Open {
    tls: ClientConnection,
    plain: Vec<u8>,
    has_ended: bool,
}

impl Open {
    fn receive(&mut self, mut bytes: &[u8]) -> std::result::Result<(), rustls::Error> {
        while !bytes.is_empty() {
            let taken = self.tls.read_tls(&mut bytes);
            self.tls.process_new_packets()?;
            let mut piece = [0; 4096];
            loop {
                match self.tls.reader().read(&mut piece) {
                    Ok(0) => {
                        self.has_ended = true;
                        return Ok(());
                    }
                    Ok(length) => self.plain.extend(&piece[..length]),
                    Err(_) => break,
                }
            }
            if !matches!(taken, Ok(1..)) {
                return Err(rustls::Error::General("bytes after the end".into()));
            }
        }
        Ok(())
    }
}

fn connect<'js>(ctx: &Ctx<'js>, config: Arc<ClientConfig>, name: String) -> Result<Object<'js>> {
    let name = ServerName::try_from(name)
        .map_err(|_| Fault::coded("ERR_TLS_CERT_ALTNAME_INVALID", "this can be no server's name".into()).throw(ctx))?;
    let mut opened = ClientConnection::new(config, name).map_err(|error| fault(&error).throw(ctx))?;
    // A request may be longer than its default, and all of it is taken.
    opened.set_buffer_limit(None);
    let connection = Rc::new(RefCell::new(Open { tls: opened, plain: Vec::new(), has_ended: false }));
    let tls = Object::new(ctx.clone())?;
    let shared = connection.clone();
    let receive = move |ctx: Ctx<'js>, bytes: Value<'js>| {
        let bytes = bytes_of(&ctx, bytes)?;
        shared.borrow_mut().receive(&bytes).map_err(|error| fault(&error).throw(&ctx))
    };
    tls.set("receive", Function::new(ctx.clone(), receive)?)?;
    let shared = connection.clone();
    let read = move |ctx: Ctx<'js>| -> Result<Value<'js>> {
        let mut open = shared.borrow_mut();
        let bytes = std::mem::take(&mut open.plain);
        if bytes.is_empty() && !open.has_ended {
            return Ok(Value::new_undefined(ctx));
        }
        TypedArray::<u8>::new(ctx.clone(), bytes)?.into_js(&ctx)
    };
    tls.set("read", Function::new(ctx.clone(), read)?)?;
    let shared = connection.clone();
    let write = move |ctx: Ctx<'js>, bytes: Value<'js>| {
        let bytes = bytes_of(&ctx, bytes)?;
        let written = shared.borrow_mut().tls.writer().write_all(&bytes);
        written.map_err(|error| Fault::coded("EPIPE", error.to_string()).throw(&ctx))
    };
    tls.set("write", Function::new(ctx.clone(), write)?)?;
    let shared = connection.clone();
    let take = move |ctx: Ctx<'js>| {
        let mut bytes = Vec::new();
        let tls = &mut shared.borrow_mut().tls;
        while tls.wants_write() && tls.write_tls(&mut bytes).is_ok() {}
        (!bytes.is_empty()).then(|| TypedArray::<u8>::new(ctx, bytes)).transpose()
    };
    tls.set("take", Function::new(ctx.clone(), take)?)?;
    let shared = connection.clone();
    tls.set("close", Function::new(ctx.clone(), move || shared.borrow_mut().tls.send_close_notify())?)?;
    let is_handshaking = Function::new(ctx.clone(), move || connection.borrow().tls.is_handshaking())?;
    tls.set("isHandshaking", is_handshaking)?;
    Ok(tls)
}

/// More headers than any server of ours sends.
const MOST_HEADERS: usize = 128;

/// Of an HTTP/1.1 response: undefined while it is incomplete.
fn parse_head<'js>(ctx: Ctx<'js>, bytes: Value<'js>) -> Result<Option<Object<'js>>> {
    let bytes = bytes_of(&ctx, bytes)?;
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let length = match response.parse(&bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(error) => return Err(Fault::coded("HPE_INVALID", format!("Parse Error: {error}")).throw(&ctx)),
    };
    let mut joined = BTreeMap::<String, String>::new();
    for header in response.headers.iter() {
        let value = String::from_utf8_lossy(header.value);
        joined
            .entry(header.name.to_ascii_lowercase())
            .and_modify(|before| *before += &format!(", {value}"))
            .or_insert_with(|| value.into_owned());
    }
    let head = Object::new(ctx)?;
    head.set("status", response.code)?;
    head.set("headers", joined)?;
    head.set("length", length)?;
    Ok(Some(head))
}
