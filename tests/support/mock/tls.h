/* The server's side of TLS: one certificate, TLS 1.2 and up, ALPN h2 and http/1.1. */
#ifndef MOCK_TLS_H
#define MOCK_TLS_H

#include "loop.h"

/* A context for the PEM files, gives; NULL with the reason on stderr. */
SSL_CTX *tls_open(const char *cert_path, const char *key_path);

#endif
