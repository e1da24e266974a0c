/** A walkthrough of the product as shell commands to copy and paste. It needs only curl and node, and a test runs it. */

/** Returns the commands for the API at `apiUrl`. `query` is a shell command that runs the SQL statement in its last argument. */
export function writeWalkthrough(apiUrl: string, query: string): string {
	return `API=${apiUrl}/api/v1
pick() { node -pe "const it = JSON.parse(require('fs').readFileSync(0, 'utf8')); $1"; }
send() { curl -sS -H 'content-type: application/json' -H "authorization: Bearer \${TOKEN:-none}" "$@"; }

# register
TOKEN=$(send "$API/auth/register" -d '{"email":"walk-'$(date +%s%N)'@example.com","password":"a walk in the park","displayName":"Walker"}' | pick it.accessToken)
# pick a movie, its first showtime, and two available seats
MOVIE=$(send "$API/movies?status=now_showing" | pick 'it.items[0].id')
SHOWTIME=$(send "$API/movies/$MOVIE/showtimes" | pick 'it.items[0].id')
SEATS=$(send "$API/showtimes/$SHOWTIME/seats" | pick "JSON.stringify(it.rows.flatMap((row) => row.seats).filter((seat) => seat && seat.status === 'available').slice(0, 2).map((seat) => seat.label))")
echo "movie $MOVIE, showtime $SHOWTIME, seats $SEATS"
# hold the seats, then confirm the hold
BOOKING=$(send "$API/bookings" -d '{"showtimeId":"'$SHOWTIME'","seats":'$SEATS'}' | pick it.id)
send -X POST "$API/bookings/$BOOKING/confirm"; echo
# the sweeper writes the sold seats to PostgreSQL within a second
sleep 1; ${query} "select booking_id, label, acquired_at from booking_seats where booking_id = '$BOOKING'"`;
}
