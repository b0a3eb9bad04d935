package rest

import (
	"bytes"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxMessage bounds what is shown of a server's message, in characters: its advice often comes last. maxPageText bounds the text of a page.
const (
	maxMessage  = 600
	maxPageText = 300
)

var (
	markup   = regexp.MustCompile(`(?s)<(script|style)[^>]*>.*?</(script|style)>|<[^>]*>`)
	titleTag = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)
	preTag   = regexp.MustCompile(`(?is)<pre[^>]*>(.*?)</pre>`)
	// sqlText is where the raw text of a database error begins in a message of an MLflow server: it can hold values of other
	// people's rows.
	sqlText = regexp.MustCompile(`(?s)\s*(Error: \(|\(raised as a result|\([\w.]*(sqlite3|psycopg2|pymysql|mysql|pyodbc)[\w.]*\)|` +
		`\[SQL:|\[parameters:).*$`)
	// duplicateText is how databases say that a value is taken already.
	duplicateText = regexp.MustCompile(`UNIQUE constraint failed|duplicate key value violates unique constraint|Duplicate entry`)
	// tooLongText is how databases say that a value is longer than its column: of PostgreSQL, with the limit, of MySQL, and of SQL Server.
	tooLongText = regexp.MustCompile(`value too long for type character varying\((\d+)\)|Data too long for column|` +
		`String or binary data would be truncated`)
	spaces = regexp.MustCompile(`\s+`)
)

// duplicateMessage stands for a database's own words.
const duplicateMessage = "the value is already in use"

// apiMessage is what is shown of the API's own message. Some are nothing but the text of a database error.
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

// pageText is the telling part of a web page, or the text itself.
func pageText(body []byte) string {
	for _, tag := range []*regexp.Regexp{preTag, titleTag} {
		if m := tag.FindSubmatch(body); m != nil && len(bytes.TrimSpace(m[1])) > 0 {
			return string(markup.ReplaceAll(m[1], []byte(" ")))
		}
	}
	return string(markup.ReplaceAll(body, []byte(" ")))
}

// cleanMessage makes a server's text fit for people: one short line, no SQL, and nothing that a terminal would obey.
func cleanMessage(s string) string {
	s = sqlText.ReplaceAllString(printable(strings.ToValidUTF8(s, "")), "")
	return shorten(strings.TrimSpace(spaces.ReplaceAllString(s, " ")), maxMessage)
}

// shorten cuts a text to at most n characters.
func shorten(s string, n int) string {
	if utf8.RuneCountInString(s) > n {
		return string([]rune(s)[:n]) + "…"
	}
	return s
}

// terminalSequence is what terminals obey: control sequences (colors, moves), commands such as the window's title, and other escapes.
var terminalSequence = regexp.MustCompile(`(?s)(?:\x1b\[|\x{9b})[0-?]*[ -/]*[@-~]?|` +
	`(?:\x1b[\]PX^_]|\x{9d})[^\x07\x1b\x{9c}]*(?:\x07|\x1b\\|\x{9c})?|\x1b[ -/]*[0-~]?`)

// printable removes what a terminal would obey or hide: escape sequences, control characters other than white space, and marks that
// turn the direction of text.
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
