module github.com/headrace/headrace/apps

go 1.26

require (
	github.com/headrace/headrace v0.0.0
	github.com/headrace/headrace/drivers v0.0.0
	golang.org/x/crypto v0.58.0
	modernc.org/sqlite v1.61.1
)

replace (
	github.com/headrace/headrace => ../
	github.com/headrace/headrace/drivers => ../drivers
)
