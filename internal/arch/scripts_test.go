package arch

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// machine is a folder that is all there is in PATH: what a script finds there is what the machine has.
type machine struct {
	t   *testing.T
	bin string
}

// newMachine has the usual small programs, a user who is not root, and whatever else is given as name and script.
func newMachine(t *testing.T, programs map[string]string) machine {
	t.Helper()
	m := machine{t: t, bin: t.TempDir()}
	m.link("sh", "sed", "dirname", "env", "grep")
	m.put("id", `echo 1000`)
	for name, script := range programs {
		m.put(name, script)
	}
	return m
}

// link adds programs of the real machine.
func (m machine) link(names ...string) {
	m.t.Helper()
	for _, name := range names {
		path, err := exec.LookPath(name)
		if err == nil {
			err = os.Symlink(path, filepath.Join(m.bin, name))
		}
		if err != nil {
			m.t.Fatal(err)
		}
	}
}

// put adds a program that says what it was called with and then does what the script says. It goes beside the folder's links, never through
// one: what a link leads to is the real program.
func (m machine) put(name, script string) {
	m.t.Helper()
	text := "#!/bin/sh\nfor word; do echo \"$word\" >>" + filepath.Join(m.bin, name+".called") + "; done\n" + script + "\n"
	path := filepath.Join(m.bin, name)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		m.t.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o700)
	if err == nil {
		_, err = file.WriteString(text)
		err = errors.Join(err, file.Close())
	}
	if err != nil {
		m.t.Fatal(err)
	}
}

// called returns the words that a program was called with, one after the other.
func (m machine) called(name string) []string {
	text, _ := os.ReadFile(filepath.Join(m.bin, name+".called")) // no file: never
	return strings.Fields(string(text))
}

// run runs a script of the repository and returns how it ended and what it said.
func (m machine) run(ci string, words ...string) (int, string) {
	m.t.Helper()
	command := exec.CommandContext(m.t.Context(), words[0], words[1:]...)
	command.Dir = root
	command.Env = []string{"PATH=" + m.bin, "CI=" + ci}
	said, err := command.CombinedOutput()
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		return failed.ExitCode(), string(said)
	}
	if err != nil {
		m.t.Fatal(err)
	}
	return 0, string(said)
}

func TestServersThatAreMissing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ci, docker string
		code       int
		says       string
	}{
		"somebody's machine":           {"", "", 0, "tests that need it cannot run"},
		"a machine of CI":              {"true", "", 1, "tests that need it cannot run"},
		"Docker without an engine":     {"", "exit 1", 0, "tests that need it cannot run"},
		"CI, Docker without an engine": {"true", "exit 1", 1, "tests that need it cannot run"},
		"Docker":                       {"", "exit 0", 3, "run in a container"},
		"CI with Docker":               {"true", "exit 0", 3, "run in a container"},
	} {
		m := newMachine(t, nil)
		if c.docker != "" {
			m.put("docker", c.docker)
		}
		code, said := m.run(c.ci, "scripts/servers.sh")
		if code != c.code || strings.Count(said, "\n") != 1 || !strings.Contains(said, "redis-server") || !strings.Contains(said, c.says) {
			t.Errorf("%s: ends with %d and says %q; want %d and one line with redis-server and %q", name, code, said, c.code, c.says)
		}
	}
}

// lookups are how scripts/servers.sh looks for a program.
var lookups = regexp.MustCompile(`command -v ([a-z-]+)`)

func TestServersThatAreThere(t *testing.T) {
	t.Parallel()
	m := newMachine(t, map[string]string{"docker": "", "postgres": ""})
	for _, lookup := range lookups.FindAllStringSubmatch(page(t, "scripts/servers.sh"), -1) {
		m.put(lookup[1], "")
	}
	if code, said := m.run("true", "scripts/servers.sh"); code != 0 || said != "" {
		t.Errorf("with all programs it ends with %d and says %q; want 0 and nothing", code, said)
	}
	if words := m.called("docker"); len(words) > 0 {
		t.Errorf("Docker is asked without need: %q", words)
	}
}

func TestContainerIsGivenWhatTestsNeed(t *testing.T) {
	t.Parallel()
	m := newMachine(t, map[string]string{"docker": "exit 7"})
	if code, said := m.run("true", "scripts/in-container.sh", "make", "test"); code != 7 || said != "" {
		t.Fatalf("it ends with %d and says %q; want what Docker ends with, 7, and nothing", code, said)
	}
	checkout, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	words := m.called("docker")
	for _, want := range [][]string{
		{"run", "--rm", "--init"},
		{"--volume", checkout + ":/checkout"},
		{"--workdir", "/checkout"},
		{"--volume", "headrace-modules-1000:/cache/modules"},
		{"--env", "GOMODCACHE=/cache/modules"},
		{"--volume", "headrace-build-1000:/cache/build"},
		{"--env", "GOCACHE=/cache/build"},
		{"--env", "CI"},
		{"golang:1.26-bookworm", "scripts/in-container.sh", "--inside", "make", "test"},
	} {
		if !strings.Contains(strings.Join(words, " ")+" ", strings.Join(want, " ")+" ") {
			t.Errorf("Docker is not told %q: %q", want, words)
		}
	}
}

func TestMakeTestGoesIntoTheContainer(t *testing.T) {
	t.Parallel()
	m := newMachine(t, map[string]string{"docker": ""})
	m.link("make")
	if code, said := m.run("", "make", "--silent", "test"); code != 0 || !strings.Contains(said, "run in a container") {
		t.Errorf("make test ends with %d and says %q; want 0 and that it runs in a container", code, said)
	}
	if words := strings.Join(m.called("docker"), " "); !strings.HasSuffix(words, "scripts/in-container.sh --inside make test") {
		t.Errorf("Docker was told %q; want that it runs make test", words)
	}
	m.put("docker", "[ $1 = info ] || exit 5")
	if code, said := m.run("", "make", "--silent", "test"); code == 0 {
		t.Errorf("make test ends well although it failed in the container: %q", said)
	}
}

// Inside, the script can do as root what root may, and hands on to the owner of the checkout.
func TestContainerBecomesTheOwnerOfTheCheckout(t *testing.T) {
	t.Parallel()
	for owner, want := range map[string]string{"0": "as root", "4321": "as owner"} {
		m := newMachine(t, map[string]string{
			"stat": "echo " + owner, "chown": "", "setpriv": `[ "$*" = "--reuid=4321 --regid=4321 --clear-groups make test" ] && echo as owner`,
			"make": "echo as root", "postgres": "", "grep": "", // the user is known
		})
		for _, lookup := range lookups.FindAllStringSubmatch(page(t, "scripts/servers.sh"), -1) {
			m.put(lookup[1], "")
		}
		if code, said := m.run("", "scripts/in-container.sh", "--inside", "make", "test"); code != 0 || said != want+"\n" {
			t.Errorf("in a checkout of %s it ends with %d and says %q; want 0 and %q", owner, code, said, want)
		}
	}
}
