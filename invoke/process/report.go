package process

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Formats of Function.LogFormat.
const (
	textFormat = "Text"
	jsonFormat = "JSON"
)

// A lines value words the lines Lambda itself writes to a function's log.
// Forms as recorded against AWS (test_invocation_with_logs); in the JSON format
// records of type platform.* take their place.
type lines struct {
	json     bool
	function string
	version  string
	runtime  string
	memoryMB int
}

func (l lines) initStart() string {
	if !l.json {
		return "INIT_START Runtime Version: " + l.runtime + "\tRuntime Version ARN: "
	}
	return l.record("platform.initStart", map[string]any{
		"initializationType": "on-demand", "phase": "init", "runtimeVersion": l.runtime,
		"runtimeVersionArn": "", "functionName": l.function, "functionVersion": l.version,
	})
}

// initReport tells of an init that failed; status is "error" or "timeout".
func (l lines) initReport(took time.Duration, phase string, a answer) string {
	if !l.json {
		s := fmt.Sprintf("INIT_REPORT Init Duration: %s ms\tPhase: %s\tStatus: %s", millis(took), phase, a.status)
		if a.kind != "" {
			s += "\tError Type: " + a.kind
		}
		return s
	}
	r := map[string]any{
		"initializationType": "on-demand", "phase": phase, "status": a.status,
		"metrics": map[string]any{"durationMs": rounded(took)},
	}
	if a.kind != "" {
		r["errorType"] = a.kind
	}
	return l.record("platform.initReport", r)
}

func (l lines) start(id string) string {
	if !l.json {
		return "START RequestId: " + id + " Version: " + l.version
	}
	return l.record("platform.start", map[string]any{"requestId": id, "version": l.version})
}

// crash is the pair of lines that precedes END when the runtime ended.
func (l lines) crash(a answer) []string {
	var e struct {
		Message string `json:"errorMessage"`
	}
	if l.json || json.Unmarshal(a.payload, &e) != nil {
		return nil
	}
	return []string{e.Message, a.kind}
}

// timeout is the line that preceded END alone before REPORT had a status.
func (l lines) timeout(id string, limit time.Duration, now time.Time) string {
	if l.json {
		return ""
	}
	return fmt.Sprintf("%s %s Task timed out after %.2f seconds", now.UTC().Format("2006-01-02T15:04:05.000Z"), id, limit.Seconds())
}

// figures are what the closing lines of an invocation tell.
type figures struct {
	took, init time.Duration // init zero: not shown
	peakMB     int
	answer     answer
}

// end returns the closing lines.
func (l lines) end(id string, f figures) []string {
	billed := int64(math.Ceil(float64(f.took) / float64(time.Millisecond)))
	if !l.json {
		// Concatenated: written for each invocation, this counts in the rate.
		s := "REPORT RequestId: " + id + "\tDuration: " + millis(f.took) +
			" ms\tBilled Duration: " + strconv.FormatInt(billed, 10) +
			" ms\tMemory Size: " + strconv.Itoa(l.memoryMB) +
			" MB\tMax Memory Used: " + strconv.Itoa(f.peakMB) + " MB\t"
		if f.init > 0 {
			s += "Init Duration: " + millis(f.init) + " ms\t"
		}
		switch {
		case f.answer.status == "timeout":
			s += "Status: timeout"
		case fatal(f.answer):
			s += "Status: error\tError Type: " + f.answer.kind
		}
		return []string{"END RequestId: " + id, s}
	}
	metrics := map[string]any{
		"durationMs": rounded(f.took), "billedDurationMs": billed,
		"memorySizeMB": l.memoryMB, "maxMemoryUsedMB": f.peakMB,
	}
	if f.init > 0 {
		metrics["initDurationMs"] = rounded(f.init)
	}
	report := map[string]any{"requestId": id, "status": f.answer.status, "metrics": metrics}
	if f.answer.kind != "" {
		report["errorType"] = f.answer.kind
	}
	return []string{
		l.record("platform.runtimeDone", map[string]any{
			"requestId": id, "status": f.answer.status,
			"metrics": map[string]any{"durationMs": rounded(f.took), "producedBytes": len(f.answer.payload)},
		}),
		l.record("platform.report", report),
	}
}

// fatal says whether the environment failed, not only the handler.
func fatal(a answer) bool {
	return a.status == "error" && strings.HasPrefix(a.kind, "Runtime.") && a.kind != "Runtime.Unknown"
}

func (l lines) record(kind string, record map[string]any) string {
	out, _ := json.Marshal(struct {
		Time   string         `json:"time"`
		Type   string         `json:"type"`
		Record map[string]any `json:"record"`
	}{time.Now().UTC().Format("2006-01-02T15:04:05.000Z"), kind, record})
	return string(out)
}

func millis(d time.Duration) string {
	return strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'f', 2, 64)
}

func rounded(d time.Duration) float64 {
	return math.Round(float64(d)/float64(time.Microsecond)/10) / 100
}
