#include "proxy/self_signed.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdint>
#include <memory>
#include <stdexcept>

namespace sessiongate::proxy {

namespace {

constexpr long valid_for = 10L * 365 * 24 * 60 * 60;  // seconds
constexpr long clock_skew = 24L * 60 * 60;

template <auto Free>
struct deleter {
  template <class T>
  void operator()(T* dead) const {
    Free(dead);
  }
};
using key_handle = std::unique_ptr<EVP_PKEY, deleter<EVP_PKEY_free>>;
using certificate_handle = std::unique_ptr<X509, deleter<X509_free>>;
using bio_handle = std::unique_ptr<BIO, deleter<BIO_free_all>>;

void need(bool done) {
  if (!done) throw std::runtime_error("cannot make a self-signed certificate");
}

std::string content(BIO* memory) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory, &data);
  return {data, static_cast<std::size_t>(size)};
}

void name_it(X509* certificate) {
  auto* name = X509_get_subject_name(certificate);
  const auto* text = reinterpret_cast<const unsigned char*>("sessiongate");
  need(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0) == 1);
  need(X509_set_issuer_name(certificate, name) == 1);
  const std::unique_ptr<X509_EXTENSION, deleter<X509_EXTENSION_free>> names(
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:sessiongate,DNS:localhost"));
  need(names && X509_add_ext(certificate, names.get(), -1) == 1);
}

void number_it(X509* certificate) {
  std::uint64_t number = 0;
  need(RAND_bytes(reinterpret_cast<unsigned char*>(&number), sizeof number) == 1);
  need(ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), number >> 1U) == 1);
}

}  // namespace

self_signed_identity make_self_signed() {
  const key_handle key(EVP_EC_gen("P-256"));
  const certificate_handle certificate(X509_new());
  need(key && certificate && X509_set_version(certificate.get(), X509_VERSION_3) == 1);
  number_it(certificate.get());
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -clock_skew);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), valid_for);
  need(X509_set_pubkey(certificate.get(), key.get()) == 1);
  name_it(certificate.get());
  need(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0);
  const bio_handle public_part(BIO_new(BIO_s_mem()));
  const bio_handle secret_part(BIO_new(BIO_s_mem()));
  need(PEM_write_bio_X509(public_part.get(), certificate.get()) == 1);
  need(PEM_write_bio_PrivateKey(secret_part.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return {content(public_part.get()), content(secret_part.get())};
}

}  // namespace sessiongate::proxy
