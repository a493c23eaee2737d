package process

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"sync"
	"syscall"
)

// errReaperGone is the fate of what the reaper looked after when it is killed.
var errReaperGone = errors.New("the reaper process ended")

// supervised launches through a reaper process.
type supervised struct {
	command *exec.Cmd
	conn    *net.UnixConn
	done    chan struct{} // closed when nothing more comes from the reaper

	mu      sync.Mutex
	last    int
	running map[int]*spawned
	pending map[int]chan notice
	gone    bool
}

// newSupervised starts program as reaper. It removes folder when it ends.
func newSupervised(program, folder string) (*supervised, error) {
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		return nil, fmt.Errorf("reaper: %w", err)
	}
	syscall.CloseOnExec(pair[0])
	syscall.CloseOnExec(pair[1])
	ours, theirs := os.NewFile(uintptr(pair[0]), "reaper"), os.NewFile(uintptr(pair[1]), "host")
	defer ours.Close()
	defer theirs.Close()
	conn, err := net.FileConn(ours)
	if err != nil {
		return nil, fmt.Errorf("reaper: %w", err)
	}
	s := &supervised{
		conn: conn.(*net.UnixConn), done: make(chan struct{}),
		running: map[int]*spawned{}, pending: map[int]chan notice{},
	}
	s.command = exec.Command(program)
	s.command.Env = []string{reaperVariable + "=" + folder}
	s.command.ExtraFiles = []*os.File{theirs}
	s.command.Stderr = os.Stderr
	// Out of the terminal's reach, but not in a session of its own: Linux
	// schedules sessions apart (autogroup), at the cost of a third of the rate.
	s.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := s.command.Start(); err != nil {
		conn.Close()
		return nil, fmt.Errorf("reaper: %w", err)
	}
	go s.listen()
	return s, nil
}

// alive says whether the reaper still serves.
func (s *supervised) alive() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.gone
}

func (s *supervised) start(argv, env []string, dir string, output *os.File) (*spawned, error) {
	answer := make(chan notice, 1)
	s.mu.Lock()
	if s.gone {
		s.mu.Unlock()
		return nil, errReaperGone
	}
	s.last++
	id := s.last
	c := &spawned{id: id, marker: markerOf(env), done: make(chan struct{})}
	s.pending[id], s.running[id] = answer, c
	err := s.send(order{ID: id, Argv: argv, Env: env, Dir: dir}, syscall.UnixRights(int(output.Fd())))
	s.mu.Unlock()
	if err != nil {
		return nil, fmt.Errorf("reaper: %w", err)
	}
	n, ok := <-answer
	switch {
	case !ok:
		return nil, errReaperGone
	case n.Errno != 0:
		return nil, n.Errno
	case n.Reason != "":
		return nil, errors.New(n.Reason)
	}
	return c, nil
}

// send writes an order; mu is held, which keeps orders apart.
func (s *supervised) send(o order, control []byte) error {
	body, err := json.Marshal(o)
	if err != nil {
		return err
	}
	head := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	if _, _, err := s.conn.WriteMsgUnix(head, control, nil); err != nil {
		return err
	}
	_, err = s.conn.Write(body)
	return err
}

func (s *supervised) signal(c *spawned, sig syscall.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.running[c.id]; ok {
		s.send(order{ID: c.id, Signal: int(sig)}, nil)
	}
}

func (s *supervised) kill(c *spawned) { s.signal(c, syscall.SIGKILL) }

// listen takes what the reaper tells until it is gone.
func (s *supervised) listen() {
	defer close(s.done)
	defer s.command.Wait()
	defer s.conn.Close()
	defer s.abandon()
	for in := json.NewDecoder(s.conn); ; {
		var n notice
		if in.Decode(&n) != nil {
			return
		}
		s.take(n)
	}
}

func (s *supervised) take(n notice) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.running[n.ID]
	if c == nil {
		return
	}
	if n.Exit != nil {
		c.exit = *n.Exit
		delete(s.running, n.ID)
		close(c.done)
		return
	}
	if n.PID == 0 {
		delete(s.running, n.ID)
	}
	c.pid = n.PID
	s.pending[n.ID] <- n
	delete(s.pending, n.ID)
}

// abandon settles what ran when the reaper went. The kernel killed its children
// with it (Linux); their groups are killed from here.
func (s *supervised) abandon() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = true
	for _, waiting := range s.pending {
		close(waiting)
	}
	for id, c := range s.running {
		if c.pid != 0 {
			killTree(c.pid, c.marker, false)
		}
		c.exit = exitStatus{Signal: int(syscall.SIGKILL)}
		delete(s.running, id)
		close(c.done)
	}
}

func (s *supervised) close() {
	s.conn.CloseWrite()
	<-s.done
}
