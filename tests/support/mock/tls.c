/* See tls.h. No session tickets: every connection of a test is a full handshake. */
#include "tls.h"

#include <stdio.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

SSL_CTX *tls_open(const char *cert_path, const char *key_path)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    if (!tls)
        return NULL;
    SSL_CTX_set_options(tls, SSL_OP_NO_TICKET);
    if (SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION) != 1 ||
        SSL_CTX_use_certificate_chain_file(tls, cert_path) != 1 ||
        SSL_CTX_use_PrivateKey_file(tls, key_path, SSL_FILETYPE_PEM) != 1) {
        fputs("signalbox-mock: cannot use the certificate or its key\n", stderr);
        ERR_print_errors_fp(stderr);
        SSL_CTX_free(tls);
        return NULL;
    }
    h2o_ssl_register_alpn_protocols(tls, h2o_alpn_protocols);
    return tls;
}
