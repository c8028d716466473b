package testserver

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// RedisTLS starts a redis-server that also listens for TLS, at the URL. Whoever trusts the certificates trusts the server; it asks for none.
func RedisTLS(t testing.TB, settings ...string) (s *RedisServer, url string, trusted *x509.CertPool) {
	t.Helper()
	folder := t.TempDir()
	certificate, key, err := selfSigned()
	for name, content := range map[string][]byte{"certificate.pem": certificate, "key.pem": key} {
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, name), content, 0o600)
		}
	}
	if err != nil {
		t.Fatal("make a certificate: ", err)
	}
	trusted = x509.NewCertPool()
	trusted.AppendCertsFromPEM(certificate)
	port := freePort(t)
	s = Redis(t, append([]string{
		fmt.Sprint("tls-port ", port), "tls-auth-clients no",
		fmt.Sprintf("tls-cert-file %q", filepath.Join(folder, "certificate.pem")),
		fmt.Sprintf("tls-key-file %q", filepath.Join(folder, "key.pem")),
		fmt.Sprintf("tls-ca-cert-file %q", filepath.Join(folder, "certificate.pem")),
	}, settings...)...)
	return s, fmt.Sprint("rediss://127.0.0.1:", port), trusted
}

// selfSigned makes a certificate for the loopback address that is good for an hour, and its key, as PEM.
func selfSigned() (certificate, key []byte, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: now.Add(-time.Minute), NotAfter: now.Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return nil, nil, err
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}), nil
}
