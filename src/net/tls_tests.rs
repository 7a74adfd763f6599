//! TLS against real servers.

mod certificates;

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::sign::{CertifiedKey, SingleCertAndKey};
use tokio_rustls::rustls::{RootCertStore, ServerConfig};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use self::certificates::{Made, ca, leaf, named, pfx, self_signed};
use super::{BadOption, NetError, Nothing, Options, Reached, Roots, Target};

/// What the server saw of one client.
#[derive(Debug, PartialEq)]
struct Seen {
    name: Option<String>,
    alpn: Option<Vec<u8>>,
    client_certificates: usize,
}

/// Serves one connection with `made` and `chain`, asking for a client's certificate signed by
/// `clients`, and upgrades it.
async fn serve(
    made: &Made,
    chain: &[CertificateDer<'static>],
    clients: Option<&Made>,
) -> (u16, JoinHandle<Option<Seen>>) {
    let key = PrivatePkcs8KeyDer::from(made.key.serialize_der());
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(ca) => {
            let mut roots = RootCertStore::empty();
            roots.add(ca.chain[0].clone()).unwrap();
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone());
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    // `with_single_cert` refuses certificates that the tests want.
    let key = provider.key_provider.load_private_key(key.into()).unwrap();
    let certified = CertifiedKey::new(chain.to_vec(), key);
    let resolver = Arc::new(SingleCertAndKey::from(certified));
    let mut config = builder.with_cert_resolver(resolver);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let served = tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        let mut stream = TlsAcceptor::from(Arc::new(config)).accept(tcp).await.ok()?;
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            request.push(stream.read_u8().await.ok()?);
        }
        let request = String::from_utf8(request).unwrap();
        let key = request
            .lines()
            .find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "))
            .unwrap();
        let accept = derive_accept_key(key.as_bytes());
        let answer = format!(
            "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
        );
        stream.write_all(answer.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        let (_, tls) = stream.get_ref();
        Some(Seen {
            name: tls.server_name().map(str::to_owned),
            alpn: tls.alpn_protocol().map(<[u8]>::to_vec),
            client_certificates: tls.peer_certificates().map_or(0, <[_]>::len),
        })
    });
    (port, served)
}

fn no_roots() -> Arc<Roots> {
    Arc::new(Roots::from_pem([""; 0].iter()))
}

async fn reach(host: &str, port: u16, set: impl FnOnce(&mut Options)) -> Result<Reached, NetError> {
    let mut options = Options::new(format!("wss://{host}:{port}"), no_roots());
    options.family = Some(4);
    set(&mut options);
    Target::parse(options)
        .unwrap()
        .reach(None, &Nothing::shared())
        .await
}

/// What a client that trusts `trusted` gets from a server that sends `chain`.
async fn outcome(
    host: &str,
    made: &Made,
    chain: &[CertificateDer<'static>],
    trusted: &[Vec<u8>],
) -> &'static str {
    let (port, _served) = serve(made, chain, None).await;
    match reach(host, port, |options| {
        options.tls.ca = Some(trusted.to_vec())
    })
    .await
    {
        Ok(_) => "reached",
        Err(error) => error.code(),
    }
}

#[tokio::test]
async fn a_certificate_of_a_trusted_authority_is_accepted() {
    let root = self_signed(ca("root"));
    let made = root.signs(leaf(&["localhost"]));
    let (port, served) = serve(&made, &made.chain[..1], None).await;
    reach("localhost", port, |options| {
        options.tls.ca = Some(vec![root.pem()])
    })
    .await
    .unwrap();
    let expected = Seen {
        name: Some("localhost".to_owned()),
        alpn: Some(b"http/1.1".to_vec()),
        client_certificates: 0,
    };
    assert_eq!(served.await.unwrap(), Some(expected));
}

#[tokio::test]
async fn the_roots_are_trusted_unless_ca_replaces_them() {
    let root = self_signed(ca("root"));
    let made = root.signs(leaf(&["localhost"]));
    let pems = [b"not a certificate".to_vec(), root.pem()];
    let roots = Arc::new(Roots::from_pem(pems.iter()));
    let (port, _served) = serve(&made, &made.chain[..1], None).await;
    reach("localhost", port, |options| {
        options.tls.roots = roots.clone()
    })
    .await
    .unwrap();
    let (port, _served) = serve(&made, &made.chain[..1], None).await;
    let replaced = reach("localhost", port, |options| {
        options.tls.roots = roots;
        options.tls.ca = Some(Vec::new());
    });
    assert_eq!(
        replaced.await.err().unwrap().code(),
        "UNABLE_TO_VERIFY_LEAF_SIGNATURE"
    );
}

#[tokio::test]
async fn a_chain_without_a_trusted_root_has_the_code_of_openssl() {
    let root = self_signed(ca("root"));
    let middle = root.signs(ca("middle"));
    let made = middle.signs(named(leaf(&["localhost"]), "leaf"));
    let code = async |certificates: usize| {
        outcome("localhost", &made, &made.chain[..certificates], &[]).await
    };
    assert_eq!(code(1).await, "UNABLE_TO_VERIFY_LEAF_SIGNATURE");
    assert_eq!(code(2).await, "UNABLE_TO_GET_ISSUER_CERT_LOCALLY");
    assert_eq!(code(3).await, "SELF_SIGNED_CERT_IN_CHAIN");
    for params in [leaf(&["localhost"]), ca("localhost")] {
        let alone = self_signed(params);
        assert_eq!(
            outcome("localhost", &alone, &alone.chain, &[]).await,
            "DEPTH_ZERO_SELF_SIGNED_CERT"
        );
    }
}

#[tokio::test]
async fn a_self_signed_certificate_given_as_ca_is_accepted_for_its_name_alone() {
    let mut may_sign = leaf(&["localhost"]);
    may_sign.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    for params in [leaf(&["localhost"]), may_sign] {
        let made = self_signed(params.clone());
        assert_eq!(
            outcome("localhost", &made, &made.chain, &[made.pem()]).await,
            "reached"
        );
        assert_eq!(
            outcome("127.0.0.1", &made, &made.chain, &[made.pem()]).await,
            "ERR_TLS_CERT_ALTNAME_INVALID"
        );
        let other_key = self_signed(params);
        let imposter = outcome("localhost", &other_key, &other_key.chain, &[made.pem()]).await;
        assert_eq!(imposter, "DEPTH_ZERO_SELF_SIGNED_CERT");
    }
}

const SIGNING: &[KeyUsagePurpose] = &[KeyUsagePurpose::KeyCertSign];
const SERVING: &[KeyUsagePurpose] = &[KeyUsagePurpose::DigitalSignature];
const BOTH: &[KeyUsagePurpose] = &[
    KeyUsagePurpose::KeyCertSign,
    KeyUsagePurpose::DigitalSignature,
];
const ANY_CA: IsCa = IsCa::Ca(BasicConstraints::Unconstrained);

/// A certificate for `localhost` that says so much of what it may do.
fn pin(is_ca: IsCa, usages: &[KeyUsagePurpose]) -> CertificateParams {
    let mut params = named(leaf(&["localhost"]), "pin");
    params.is_ca = is_ca;
    params.key_usages = usages.to_vec();
    params
}

#[tokio::test]
async fn a_trusted_certificate_vouches_for_others_only_where_it_says_that_it_may() {
    for (is_ca, usages, vouches) in [
        (IsCa::ExplicitNoCa, &[][..], false),
        (IsCa::ExplicitNoCa, BOTH, false),
        (IsCa::NoCa, &[], false),
        (IsCa::NoCa, SERVING, false),
        // As OpenSSL has it: what may sign and does not say what it is.
        (IsCa::NoCa, BOTH, true),
        (ANY_CA, &[], true),
        (ANY_CA, BOTH, true),
        (ANY_CA, SERVING, false),
    ] {
        let case = format!("{is_ca:?} {usages:?}");
        let pinned = self_signed(pin(is_ca, usages));
        let itself = outcome("localhost", &pinned, &pinned.chain, &[pinned.pem()]).await;
        assert_eq!(itself, "reached", "{case}");
        let other = pinned.signs(named(leaf(&["localhost"]), "other"));
        let mut middle = ca("middle");
        middle.key_usages = SIGNING.to_vec();
        let middle = pinned.signs(middle);
        let below = middle.signs(named(leaf(&["localhost"]), "below"));
        for (made, sent) in [(&other, 1), (&other, 2), (&below, 2), (&below, 3)] {
            let told = outcome("localhost", made, &made.chain[..sent], &[pinned.pem()]).await;
            assert_eq!(told == "reached", vouches, "{case}, {sent} sent: {told}");
        }
    }
}

#[tokio::test]
async fn a_trusted_certificate_of_no_server_is_not_taken_for_one() {
    let mut for_clients = pin(IsCa::ExplicitNoCa, &[]);
    for_clients.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    for params in [for_clients, pin(ANY_CA, SIGNING)] {
        let pinned = self_signed(params);
        let told = outcome("localhost", &pinned, &pinned.chain, &[pinned.pem()]).await;
        assert_eq!(told, "INVALID_PURPOSE");
    }
}

#[tokio::test]
async fn an_authority_is_held_to_what_its_own_certificate_says() {
    let signed = async |root: CertificateParams, middle: Option<CertificateParams>| {
        let root = self_signed(root);
        let middle = middle.map(|params| root.signs(params));
        let made = middle.as_ref().unwrap_or(&root).signs(leaf(&["localhost"]));
        let sent = made.chain.len() - 1;
        outcome("localhost", &made, &made.chain[..sent], &[root.pem()]).await
    };
    let mut short = ca("short");
    short.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    assert_eq!(signed(short.clone(), None).await, "reached");
    assert_eq!(
        signed(short, Some(ca("middle"))).await,
        "PATH_LENGTH_EXCEEDED"
    );
    let mut old = ca("old");
    old.not_after = date_time_ymd(2001, 1, 1);
    assert_eq!(signed(old, None).await, "CERT_HAS_EXPIRED");
    let mut early = ca("early");
    early.not_before = date_time_ymd(2999, 1, 1);
    early.not_after = date_time_ymd(3000, 1, 1);
    assert_eq!(signed(early, None).await, "CERT_NOT_YET_VALID");
    let mut for_clients = ca("for clients");
    for_clients.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    assert_eq!(
        signed(for_clients, None).await,
        "UNABLE_TO_VERIFY_LEAF_SIGNATURE"
    );
    let mut signs_nothing = ca("signs nothing");
    signs_nothing.key_usages = SERVING.to_vec();
    let middle = Some(signs_nothing);
    assert_eq!(signed(ca("root"), middle).await, "INVALID_CA");
}

#[tokio::test]
async fn a_key_that_is_trusted_for_one_name_is_not_for_another() {
    let pinned = self_signed(leaf(&["localhost"]));
    let mut names = leaf(&["127.0.0.1"]);
    names.distinguished_name = pinned.params.distinguished_name.clone();
    let chain = vec![names.self_signed(&pinned.key).unwrap().der().clone()];
    let told = outcome("127.0.0.1", &pinned, &chain, &[pinned.pem()]).await;
    assert_eq!(told, "DEPTH_ZERO_SELF_SIGNED_CERT");
}

#[tokio::test]
async fn a_leaf_that_is_trusted_needs_no_authority_and_is_none() {
    let root = self_signed(ca("root"));
    let pinned = root.signs(named(leaf(&["localhost"]), "pinned"));
    let trusted = [pinned.pem()];
    for sent in [1, 2] {
        let told = outcome("localhost", &pinned, &pinned.chain[..sent], &trusted).await;
        assert_eq!(told, "reached");
        let told = outcome("127.0.0.1", &pinned, &pinned.chain[..sent], &trusted).await;
        assert_eq!(told, "ERR_TLS_CERT_ALTNAME_INVALID");
    }
    let sibling = root.signs(named(leaf(&["localhost"]), "sibling"));
    let below = pinned.signs(named(leaf(&["localhost"]), "below"));
    for (made, sent, code) in [
        (&sibling, 1, "UNABLE_TO_VERIFY_LEAF_SIGNATURE"),
        (&below, 1, "UNABLE_TO_VERIFY_LEAF_SIGNATURE"),
        (&below, 2, "INVALID_CA"),
    ] {
        let told = outcome("localhost", made, &made.chain[..sent], &trusted).await;
        assert_eq!(told, code, "{sent} sent");
    }
}

#[tokio::test]
async fn a_server_certificate_says_that_it_is_for_servers_or_nothing() {
    let root = self_signed(ca("root"));
    let told = async |usages: &[KeyUsagePurpose]| {
        let mut params = leaf(&["localhost"]);
        params.key_usages = usages.to_vec();
        let made = root.signs(params);
        outcome("localhost", &made, &made.chain[..1], &[root.pem()]).await
    };
    assert_eq!(told(&[]).await, "reached");
    assert_eq!(told(&[KeyUsagePurpose::KeyEncipherment]).await, "reached");
    assert_eq!(
        told(&[KeyUsagePurpose::ContentCommitment]).await,
        "INVALID_PURPOSE"
    );
    assert_eq!(told(SIGNING).await, "INVALID_PURPOSE");
}

#[tokio::test]
async fn dates_are_checked_also_of_a_trusted_self_signed_certificate() {
    for (year, code) in [(2001, "CERT_HAS_EXPIRED"), (2999, "CERT_NOT_YET_VALID")] {
        for is_ca in [IsCa::NoCa, IsCa::Ca(BasicConstraints::Unconstrained)] {
            let mut params = leaf(&["localhost"]);
            params.is_ca = is_ca;
            params.not_before = date_time_ymd(year, 1, 1);
            params.not_after = date_time_ymd(year + 1, 1, 1);
            let made = self_signed(params);
            assert_eq!(
                outcome("localhost", &made, &made.chain, &[made.pem()]).await,
                code
            );
        }
    }
}

#[tokio::test]
async fn a_wrong_name_is_told_with_the_right_ones() {
    let root = self_signed(ca("root"));
    let message = async |host: &str, params: CertificateParams| {
        let made = root.signs(params);
        let (port, _served) = serve(&made, &made.chain[..1], None).await;
        let reached = reach(host, port, |options| {
            options.tls.ca = Some(vec![root.pem()])
        })
        .await;
        reached.err().map(|error| {
            error
                .to_string()
                .replace("Hostname/IP does not match certificate's altnames: ", "")
        })
    };
    assert_eq!(message("127.0.0.1", leaf(&["127.0.0.1"])).await, None);
    assert_eq!(
        message("localhost", leaf(&["a.example", "10.0.0.1"]))
            .await
            .unwrap(),
        "Host: localhost. is not in the cert's altnames: DNS:a.example, IP Address:10.0.0.1"
    );
    assert_eq!(
        message("127.0.0.1", leaf(&["localhost", "10.0.0.1", "::1"]))
            .await
            .unwrap(),
        "IP: 127.0.0.1 is not in the cert's list: 10.0.0.1, ::1"
    );
    let mut common = leaf(&[]);
    common.distinguished_name = DistinguishedName::new();
    assert_eq!(
        message("localhost", named(common.clone(), "LOCALHOST")).await,
        None
    );
    assert_eq!(
        message("localhost", named(common, "b.example"))
            .await
            .unwrap(),
        "Host: localhost. is not cert's CN: b.example"
    );
}

#[tokio::test]
async fn servername_is_what_is_asked_for_and_looked_for() {
    let root = self_signed(ca("root"));
    let made = root.signs(leaf(&["inside.example", "localhost"]));
    for (host, servername, sent) in [
        ("127.0.0.1", Some("inside.example"), Some("inside.example")),
        ("localhost", Some(""), None),
        ("localhost", None, Some("localhost")),
    ] {
        let (port, served) = serve(&made, &made.chain[..1], None).await;
        let reached = reach(host, port, |options| {
            options.tls.ca = Some(vec![root.pem()]);
            options.servername = servername.map(str::to_owned);
        });
        reached.await.unwrap();
        assert_eq!(served.await.unwrap().unwrap().name.as_deref(), sent);
    }
}

#[tokio::test]
async fn anybody_is_accepted_without_reject_unauthorized() {
    let mut params = leaf(&["a.example"]);
    params.not_after = date_time_ymd(2001, 1, 1);
    let made = self_signed(params);
    let (port, _served) = serve(&made, &made.chain, None).await;
    reach("localhost", port, |options| {
        options.tls.reject_unauthorized = false
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_client_shows_its_certificate() {
    let root = self_signed(ca("root"));
    let made = root.signs(leaf(&["localhost"]));
    let mut params = leaf(&["me"]);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let client = root.signs(named(params, "me"));
    let trusting = |options: &mut Options| options.tls.ca = Some(vec![root.pem()]);

    let (port, served) = serve(&made, &made.chain[..1], Some(&root)).await;
    let reached = reach("localhost", port, |options| {
        trusting(options);
        options.tls.cert = vec![client.pem()];
        options.tls.key = Some(client.key.serialize_pem().into_bytes());
    });
    reached.await.unwrap();
    assert_eq!(served.await.unwrap().unwrap().client_certificates, 1);

    let (port, served) = serve(&made, &made.chain[..1], Some(&root)).await;
    let reached = reach("localhost", port, |options| {
        options.tls.pfx = Some(pfx(&client, "pass"));
        options.tls.passphrase = Some("pass".to_owned());
    });
    reached.await.expect("the chain in a pfx is trusted");
    assert!(served.await.unwrap().unwrap().client_certificates > 0);

    let (port, _served) = serve(&made, &made.chain[..1], Some(&root)).await;
    let error = reach("localhost", port, trusting).await.err().unwrap();
    assert_eq!(
        error.to_string(),
        "The server ended the TLS handshake with the alert CertificateRequired"
    );
    assert_eq!(error.code(), "WSR_ERR_TLS");
    assert!(!error.needs_node());
}

#[tokio::test]
async fn a_server_without_tls_is_told_apart_from_one_that_hangs_up() {
    for (answer, code) in [
        ("HTTP/1.1 400 Bad Request\r\n\r\n", "WSR_ERR_TLS"),
        ("", "ECONNRESET"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let served = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.read_u8().await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
        });
        let error = reach("localhost", port, |_| ()).await.err().unwrap();
        assert_eq!(error.code(), code, "{error}");
        served.await.unwrap();
    }
}

/// A certificate with a critical extension of that number.
fn critical(extension: &[u64]) -> CertificateParams {
    let mut params = leaf(&["localhost"]);
    let mut extension = CustomExtension::from_oid_content(extension, vec![5, 0]);
    extension.set_criticality(true);
    params.custom_extensions = vec![extension];
    params
}

#[tokio::test]
async fn what_openssl_alone_takes_of_a_certificate_needs_node() {
    const POLICY: &[u64] = &[2, 5, 29, 36];
    const UNKNOWN: &[u64] = &[1, 2, 3, 4];
    for (extension, reject_unauthorized, needs_node) in [
        (POLICY, true, true),
        // OpenSSL does not take it either.
        (UNKNOWN, true, false),
        (UNKNOWN, false, true),
    ] {
        let root = self_signed(ca("root"));
        let made = root.signs(critical(extension));
        let (port, _served) = serve(&made, &made.chain[..1], None).await;
        let error = reach("localhost", port, |options| {
            options.tls.ca = Some(vec![root.pem()]);
            options.tls.reject_unauthorized = reject_unauthorized;
        })
        .await
        .err()
        .unwrap();
        assert_eq!(error.needs_node(), needs_node, "{error}");
        assert_eq!(error.to_string().contains("transport: 'node'"), needs_node);
    }
}

/// What a client makes of bytes that are the answer to its first words.
async fn answered(answer: &'static [u8]) -> NetError {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_u8().await.unwrap();
        stream.write_all(answer).await.unwrap();
    });
    let error = reach("localhost", port, |_| ()).await.err().unwrap();
    served.await.unwrap();
    error
}

#[tokio::test]
async fn a_server_with_which_rustls_has_nothing_in_common_needs_node() {
    let no_cipher = answered(&[21, 3, 3, 0, 2, 2, 40]).await;
    assert!(no_cipher.needs_node(), "{no_cipher}");
    let no_version = answered(&[21, 3, 1, 0, 2, 2, 70]).await;
    assert!(!no_version.needs_node(), "{no_version}");
    assert!(no_version.to_string().contains("minVersion"));
    let no_name = answered(&[21, 3, 3, 0, 2, 2, 112]).await;
    assert!(!no_name.needs_node(), "{no_name}");
}

#[test]
fn clients_with_the_same_options_share_a_configuration() {
    let roots = no_roots();
    let config = |reject: bool| {
        let mut tls = super::TlsOptions::new(roots.clone());
        tls.reject_unauthorized = reject;
        super::client_tls::config(&tls, true).unwrap()
    };
    let first = config(true);
    assert!(Arc::ptr_eq(&first, &config(true)));
    assert!(!Arc::ptr_eq(&first, &config(false)));
}

#[test]
fn what_tls_cannot_use_is_refused_with_its_option() {
    let error = |set: &dyn Fn(&mut Options)| -> BadOption {
        let mut options = Options::new("wss://x", no_roots());
        set(&mut options);
        Target::parse(options).err().unwrap()
    };
    let made = self_signed(leaf(&["a"]));
    let (cert, key) = (made.pem(), made.key.serialize_pem().into_bytes());
    let other_key = KeyPair::generate().unwrap().serialize_pem().into_bytes();
    let starts =
        |error: BadOption, start: &str| assert!(error.message.starts_with(start), "{error}");
    starts(
        error(&|o| o.tls.ca = Some(vec![b"x".to_vec()])),
        "ca: cannot be used",
    );
    starts(
        error(&|o| o.tls.ca = Some(vec![key.clone()])),
        "ca: cannot be used",
    );
    starts(
        error(&|o| o.tls.cert = vec![cert.clone()]),
        "cert: comes without its key",
    );
    starts(
        error(&|o| o.tls.key = Some(key.clone())),
        "key: comes without its certificate",
    );
    starts(
        error(&|o| o.tls.pfx = Some(b"x".to_vec())),
        "pfx: cannot be used",
    );
    starts(
        error(&|o| o.servername = Some("a b".to_owned())),
        "servername: \"a b\" is no host name",
    );
    for (cert, key, message) in [
        (&cert, &other_key, "key: is not the key of its certificate"),
        (&cert, &cert, "key: cannot be used"),
        (&b"x".to_vec(), &key, "cert: cannot be used"),
    ] {
        let error = error(&|o| {
            o.tls.cert = vec![cert.clone()];
            o.tls.key = Some(key.clone());
        });
        starts(error, message);
    }
    let error = error(&|o| {
        o.tls.pfx = Some(pfx(&made, "secret"));
        o.tls.passphrase = Some("wrong".to_owned());
    });
    starts(error, "pfx: cannot be used");
}
