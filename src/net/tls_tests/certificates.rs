//! Certificates made on the spot.

use p12_keystore::{
    Certificate as P12Certificate, KeyStore, KeyStoreEntry, PrivateKey, PrivateKeyChain,
};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls_pki_types::CertificateDer;

/// A certificate with its key, and those that it was signed by, nearest first.
pub struct Made {
    pub params: CertificateParams,
    pub key: KeyPair,
    pub chain: Vec<CertificateDer<'static>>,
}

impl Made {
    pub fn pem(&self) -> Vec<u8> {
        pem(&self.chain[0])
    }

    pub fn signs(&self, params: CertificateParams) -> Made {
        let key = KeyPair::generate().unwrap();
        let issuer = Issuer::from_params(&self.params, &self.key);
        let certificate = params.signed_by(&key, &issuer).unwrap();
        let chain = [vec![certificate.der().clone()], self.chain.clone()].concat();
        Made { params, key, chain }
    }
}

pub fn pem(der: &CertificateDer<'_>) -> Vec<u8> {
    let body = data_encoding::BASE64.encode(der);
    format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n").into_bytes()
}

pub fn self_signed(params: CertificateParams) -> Made {
    let key = KeyPair::generate().unwrap();
    let chain = vec![params.self_signed(&key).unwrap().der().clone()];
    Made { params, key, chain }
}

pub fn leaf(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    CertificateParams::new(names).unwrap()
}

pub fn named(mut params: CertificateParams, name: &str) -> CertificateParams {
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

pub fn ca(name: &str) -> CertificateParams {
    let mut params = named(leaf(&[]), name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

pub fn pfx(made: &Made, passphrase: &str) -> Vec<u8> {
    let key = PrivateKey::from_der(&made.key.serialize_der()).unwrap();
    let chain: Vec<_> = made
        .chain
        .iter()
        .map(|der| P12Certificate::from_der(der).unwrap())
        .collect();
    let mut store = KeyStore::new();
    store.add_entry(
        "me",
        KeyStoreEntry::PrivateKeyChain(PrivateKeyChain::new("id", key, chain)),
    );
    store.writer(passphrase).write().unwrap()
}
