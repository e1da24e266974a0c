-- Parses the seat indexes of a booking, stored as `3,4,5`. They stay strings, because they are only used as field names and
-- offsets.
local function parse_seats(list)
	local seats = {}
	for seat in string.gmatch(list, '%d+') do seats[#seats + 1] = seat end
	return seats
end
