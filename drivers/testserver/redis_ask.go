package testserver

import (
	"bufio"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// ask sends one inline command to a Redis server and returns the first line of the reply, or the whole of a bulk string.
func ask(address, command string) (string, error) {
	conn, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }() // everything has been read by then
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return "", err
	}
	if _, err := io.WriteString(conn, command+"\r\n"); err != nil {
		return "", err
	}
	r := bufio.NewReader(conn)
	line, err := r.ReadString('\n')
	if err != nil {
		return "", err
	}
	line = strings.TrimSuffix(line, "\r\n")
	size, isBulk := strings.CutPrefix(line, "$")
	if !isBulk {
		return strings.TrimPrefix(line, "+"), nil
	}
	n, err := strconv.Atoi(size)
	if err != nil || n < 0 {
		return "", err
	}
	text := make([]byte, n)
	_, err = io.ReadFull(r, text)
	return string(text), err
}
