package process

import (
	"encoding/binary"
	"encoding/json"
	"io"
	"net"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"syscall"
)

// reaperVariable in the environment turns the program into the reaper; its
// value is the folder to remove at the end.
const reaperVariable = "PENSTOCK_REAPER"

// reaperSocket is the descriptor the host is connected to.
const reaperSocket = 3

// Reap is called first in main of a program whose path is Host.Reaper:
//
//	if process.Reap() {
//		return
//	}
//
// In the host itself it does nothing and returns false. In the process the host
// started to look after the functions it returns true when the host is gone,
// however it ended, and nothing that the functions started runs any more.
func Reap() bool {
	folder, ok := os.LookupEnv(reaperVariable)
	if !ok {
		return false
	}
	// The functions get the kernel's parent-death signal should the reaper
	// itself be killed; it follows the thread that started them.
	runtime.LockOSThread()
	// The host decides when to end, not the terminal. Notify rather than
	// Ignore: an ignored signal would be ignored by the functions too.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGPIPE)
	if becomeSubreaper() != nil {
		return true
	}
	syscall.CloseOnExec(reaperSocket)
	file := os.NewFile(reaperSocket, "host")
	conn, err := net.FileConn(file)
	file.Close()
	if err != nil {
		return true
	}
	socket, ok := conn.(*net.UnixConn)
	if !ok {
		return true
	}
	r := &reaper{conn: socket, children: map[int]*spawned{}, forked: make(chan struct{}, 1)}
	go r.wait()
	r.serve()
	r.end()
	if folder != "" {
		os.RemoveAll(folder)
	}
	return true
}

// An order is what the host asks of the reaper.
type order struct {
	ID     int
	Signal int      `json:",omitempty"` // SIGKILL: the whole tree
	Argv   []string `json:",omitempty"` // not empty: start; a descriptor comes along
	Env    []string `json:",omitempty"`
	Dir    string   `json:",omitempty"`
}

// A notice is what the reaper tells the host.
type notice struct {
	ID     int
	PID    int           `json:",omitempty"` // started
	Errno  syscall.Errno `json:",omitempty"` // not started
	Reason string        `json:",omitempty"`
	Exit   *exitStatus   `json:",omitempty"` // ended
}

// reaper is the process between the host and the functions.
type reaper struct {
	conn   *net.UnixConn
	forked chan struct{}

	mu       sync.Mutex // also orders what is written to conn
	children map[int]*spawned
}

// serve obeys orders until the host is gone.
func (r *reaper) serve() {
	for {
		o, output, err := receiveOrder(r.conn)
		if err != nil {
			return
		}
		r.mu.Lock()
		switch {
		case len(o.Argv) > 0:
			r.start(o, output)
		case syscall.Signal(o.Signal) == syscall.SIGKILL:
			if c := r.find(o.ID); c != nil {
				killTree(c.pid, c.marker, true)
			}
		default:
			if c := r.find(o.ID); c != nil {
				syscall.Kill(-c.pid, syscall.Signal(o.Signal))
			}
		}
		r.mu.Unlock()
	}
}

func (r *reaper) start(o order, output int) {
	n := notice{ID: o.ID}
	if output < 0 {
		n.Reason = "no descriptor came with the order"
	} else {
		pid, err := forkExec(o.Argv, o.Env, o.Dir, uintptr(output))
		syscall.Close(output)
		if errno, ok := err.(syscall.Errno); ok {
			n.Errno = errno
		} else if err != nil {
			n.Reason = err.Error()
		} else {
			n.PID = pid
			r.children[pid] = &spawned{id: o.ID, pid: pid, marker: markerOf(o.Env)}
			select {
			case r.forked <- struct{}{}:
			default:
			}
		}
	}
	r.tell(n)
}

func (r *reaper) find(id int) *spawned {
	for _, c := range r.children {
		if c.id == id {
			return c
		}
	}
	return nil
}

func (r *reaper) tell(n notice) { json.NewEncoder(r.conn).Encode(n) }

// wait collects every child, also orphans it was given as subreaper.
func (r *reaper) wait() {
	for {
		var status syscall.WaitStatus
		var usage syscall.Rusage
		pid, err := syscall.Wait4(-1, &status, 0, &usage)
		switch err {
		case syscall.EINTR:
			continue
		case syscall.ECHILD:
			<-r.forked
			continue
		}
		r.mu.Lock()
		if c := r.children[pid]; c != nil {
			delete(r.children, pid)
			killTree(pid, c.marker, false)
			e := statusOf(status, &usage)
			r.tell(notice{ID: c.id, Exit: &e})
		}
		r.mu.Unlock()
	}
}

// end kills all there is. The lock stays held: nothing is to be reported.
func (r *reaper) end() {
	r.mu.Lock()
	for pid := range r.children {
		syscall.Kill(-pid, syscall.SIGKILL)
	}
	killBelow()
}

// receiveOrder reads one order and the descriptor that came with it, or -1.
func receiveOrder(conn *net.UnixConn) (o order, output int, err error) {
	var head [4]byte
	control := make([]byte, syscall.CmsgSpace(4))
	output = -1
	n, nc, _, _, err := conn.ReadMsgUnix(head[:], control)
	if err == nil && n == 0 {
		err = io.EOF
	}
	if err == nil {
		_, err = io.ReadFull(conn, head[n:])
	}
	if err != nil {
		return o, output, err
	}
	if messages, err := syscall.ParseSocketControlMessage(control[:nc]); err == nil {
		for i := range messages {
			if fds, err := syscall.ParseUnixRights(&messages[i]); err == nil && len(fds) == 1 {
				output = fds[0]
				syscall.CloseOnExec(output)
			}
		}
	}
	body := make([]byte, binary.BigEndian.Uint32(head[:]))
	if _, err = io.ReadFull(conn, body); err == nil {
		err = json.Unmarshal(body, &o)
	}
	return o, output, err
}
