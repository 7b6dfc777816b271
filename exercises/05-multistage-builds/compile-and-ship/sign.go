// Prints the sign on the shop's door.
package main

func main() {
	// println is built into the language: it needs no library, and prints to standard error.
	println("Open until 18:00")
}
