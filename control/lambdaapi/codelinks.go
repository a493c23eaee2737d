package lambdaapi

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/penstock/penstock/control"
)

const (
	// CodePath begins the paths that CodeLinks serve.
	CodePath = "/_penstock/code/"
	// linkAge is how long a link is good, as on AWS.
	linkAge = 10 * time.Minute
)

// CodeLinks are addresses of the archives of functions, each good for ten
// minutes and for the bytes that it was made for. They are an http.Handler for
// the paths below CodePath: who has a link needs nothing else. Links that were
// made by another process are not known.
type CodeLinks struct {
	plane *control.Plane
	key   []byte
}

// NewCodeLinks makes links to the code of plane's functions.
func NewCodeLinks(plane *control.Plane) *CodeLinks {
	key := make([]byte, 32)
	rand.Read(key) // never fails
	return &CodeLinks{plane, key}
}

// Location is where the code of f is: below base, scheme and host of this API
// without a slash at the end. Code that is a folder of this machine is not
// served; its address is the folder's own, with the scheme file.
func (l *CodeLinks) Location(base string, f control.Function) string {
	if f.Code.Zip == "" {
		return (&url.URL{Scheme: "file", Path: f.Code.Folder}).String()
	}
	path := CodePath + f.Name + "/" + latest
	expires := strconv.FormatInt(time.Now().Add(linkAge).Unix(), 10)
	query := url.Values{"X-Code": {f.Code.Zip}, "X-Expires": {expires}, "X-Signature": {l.sign(path, f.Code.Zip, expires)}}
	return base + (&url.URL{Path: path, RawQuery: query.Encode()}).String()
}

func (l *CodeLinks) sign(path, zip, expires string) string {
	mac := hmac.New(sha256.New, l.key)
	io.WriteString(mac, strings.Join([]string{path, zip, expires}, "\n"))
	return hex.EncodeToString(mac.Sum(nil))
}

// ServeHTTP sends the archive that a link names: 403 if the link was not made
// here or is too old, 404 if no function uses that archive any more.
func (l *CodeLinks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		http.Error(w, "links to code are for GET only", http.StatusMethodNotAllowed)
		return
	}
	query := r.URL.Query()
	zip, expires := query.Get("X-Code"), query.Get("X-Expires")
	if !hmac.Equal([]byte(query.Get("X-Signature")), []byte(l.sign(r.URL.Path, zip, expires))) {
		http.Error(w, "this link was not made here", http.StatusForbidden)
		return
	}
	if end, err := strconv.ParseInt(expires, 10, 64); err != nil || time.Now().Unix() > end {
		http.Error(w, "this link has expired: GetFunction makes another", http.StatusForbidden)
		return
	}
	archive, err := l.plane.Archive(control.Function{Deployed: control.Deployed{Code: control.Code{Zip: zip}}})
	switch {
	case errors.Is(err, fs.ErrNotExist):
		http.Error(w, "this code is not there any more", http.StatusNotFound)
		return
	case err != nil:
		http.Error(w, "this code cannot be read", http.StatusInternalServerError)
		return
	}
	defer archive.Close()
	w.Header().Set("Content-Type", "application/zip")
	io.Copy(w, archive)
}
