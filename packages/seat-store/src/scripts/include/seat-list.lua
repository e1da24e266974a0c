-- Seat indexes of a booking, stored as `3,4,5`. Kept as strings: they are only ever field names and offsets.
local function parse_seats(list)
	local seats = {}
	for seat in string.gmatch(list, '%d+') do seats[#seats + 1] = seat end
	return seats
end
