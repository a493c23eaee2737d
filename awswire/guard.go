package awswire

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// A Guard keeps web pages away from a handler on a loopback port. A page in the
// user's browser can reach such a port, with requests of its own or by making its
// host name resolve to 127.0.0.1, and the services here take any credentials.
//
// Refused with status 403 are requests whose Host is neither loopback (localhost,
// *.localhost, 127.0.0.0/8, ::1, any port) nor in Hosts; requests with an Origin
// that is neither the requested host nor in Origins; and requests that the browser
// marks as coming from another site. SDKs and command line tools send none of
// these marks.
type Guard struct {
	Next    http.Handler
	Hosts   []string // further host names, without port
	Origins []string // further origins that pages may call from: "http://localhost:3000"
}

// ServeHTTP passes r on or refuses it.
func (g *Guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if why := g.objection(r); why != "" {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusForbidden)
		body, _ := json.Marshal(map[string]string{"__type": "AccessDeniedException", "message": why}) // strings cannot fail
		w.Write(body)
		return
	}
	g.Next.ServeHTTP(w, r)
}

// objection says why r is refused; empty: it is not.
func (g *Guard) objection(r *http.Request) string {
	if host := hostname(r.Host); !loopback(host) && !slices.ContainsFunc(g.Hosts, func(h string) bool { return strings.EqualFold(h, host) }) {
		return "The host name of this request is neither a loopback name nor one this endpoint was configured with."
	}
	for _, origin := range r.Header.Values("Origin") {
		if !g.allows(origin, r.Host) {
			return "The origin of this request is a web page that this endpoint was not configured to serve."
		}
	}
	for _, site := range r.Header.Values("Sec-Fetch-Site") {
		foreign := site != "same-origin" && site != "none"
		if foreign && !slices.Contains(g.Origins, r.Header.Get("Origin")) {
			return "This request was started by a web page of another site."
		}
	}
	return ""
}

func (g *Guard) allows(origin, host string) bool {
	if slices.Contains(g.Origins, origin) {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, host)
}

// hostname returns the host of a Host header without port, brackets and final dot.
func hostname(host string) string {
	return strings.TrimSuffix((&url.URL{Host: host}).Hostname(), ".")
}

func loopback(host string) bool {
	host = strings.ToLower(host)
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
