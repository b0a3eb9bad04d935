package review

// PageOptions are the texts of a page that are not part of a review. All of them can be empty.
type PageOptions struct {
	Title string
	// AsOf is the date of the review.
	AsOf string
	// Scope describes which experiments were reviewed.
	Scope string
	// Server is the name or URL of the server. It defaults to that of the review.
	Server string
}
