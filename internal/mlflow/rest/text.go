package rest

import (
	"bytes"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxMessage is the maximum length of a server's message, in characters: its advice is often at the end. maxPageText is that of the text
// of a page.
const (
	maxMessage  = 600
	maxPageText = 300
)

var (
	markup   = regexp.MustCompile(`(?s)<(script|style)[^>]*>.*?</(script|style)>|<[^>]*>`)
	titleTag = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)
	preTag   = regexp.MustCompile(`(?is)<pre[^>]*>(.*?)</pre>`)
	// sqlText matches the raw text of a database error in a message of an MLflow server, which can contain values of other rows.
	sqlText = regexp.MustCompile(`(?s)\s*(Error: \(|\(raised as a result|\([\w.]*(sqlite3|psycopg2|pymysql|mysql|pyodbc)[\w.]*\)|` +
		`\[SQL:|\[parameters:).*$`)
	// duplicateText matches errors of databases for a value that already exists.
	duplicateText = regexp.MustCompile(`UNIQUE constraint failed|duplicate key value violates unique constraint|Duplicate entry`)
	// tooLongText matches errors for a value that is too long for its column, of PostgreSQL with the limit, of MySQL, and of SQL Server.
	tooLongText = regexp.MustCompile(`value too long for type character varying\((\d+)\)|Data too long for column|` +
		`String or binary data would be truncated`)
	spaces = regexp.MustCompile(`\s+`)
)

// duplicateMessage replaces the error of the database.
const duplicateMessage = "the value is already in use"

// apiMessage returns a message of the API without SQL. Some messages consist only of a database error.
func apiMessage(s string) string {
	message := cleanMessage(s)
	switch tooLong := tooLongText.FindStringSubmatch(s); {
	case tooLong != nil:
		if tooLong[1] == "" {
			return "a value is too long for the server's database"
		}
		return "a value is too long for the server's database: the maximum is " + tooLong[1] + " characters"
	case message != "":
		return message
	case duplicateText.MatchString(s):
		return duplicateMessage
	default:
		return "the server's database rejected the request"
	}
}

// pageText returns the main text or the title of a web page, or else its whole text.
func pageText(body []byte) string {
	for _, tag := range []*regexp.Regexp{preTag, titleTag} {
		if m := tag.FindSubmatch(body); m != nil && len(bytes.TrimSpace(m[1])) > 0 {
			return string(markup.ReplaceAll(m[1], []byte(" ")))
		}
	}
	return string(markup.ReplaceAll(body, []byte(" ")))
}

// cleanMessage returns a text of a server as one short line, without SQL and terminal sequences.
func cleanMessage(s string) string {
	s = sqlText.ReplaceAllString(printable(strings.ToValidUTF8(s, "")), "")
	return shorten(strings.TrimSpace(spaces.ReplaceAllString(s, " ")), maxMessage)
}

// shorten returns at most n characters of a text.
func shorten(s string, n int) string {
	if utf8.RuneCountInString(s) > n {
		return string([]rune(s)[:n]) + "…"
	}
	return s
}

// terminalSequence matches terminal sequences: control sequences (colors, moves), commands such as the window title, and other escapes.
var terminalSequence = regexp.MustCompile(`(?s)(?:\x1b\[|\x{9b})[0-?]*[ -/]*[@-~]?|` +
	`(?:\x1b[\]PX^_]|\x{9d})[^\x07\x1b\x{9c}]*(?:\x07|\x1b\\|\x{9c})?|\x1b[ -/]*[0-~]?`)

// printable removes escape sequences, control characters other than white space, and marks that change the direction of text.
func printable(s string) string {
	s = terminalSequence.ReplaceAllString(s, "")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return r
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, s)
}
