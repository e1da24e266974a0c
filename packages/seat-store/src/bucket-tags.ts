/**
 * The hash tags of the buckets. A tag decides in which of Redis Cluster's 16,384 slots all keys of its bucket lie. The tags are
 * chosen so that the slots of the first 16, 64 or 256 buckets divide evenly among servers with equal ranges of slots: with 3 to
 * 16 servers, no server has more than one bucket more than another server. (The plain tags `{b0}` to `{b15}` divide badly: of 16
 * servers, eight get no bucket and two get three.)
 *
 * The tags are part of every key, so they never change.
 */

const SLOTS = 16_384;
/** Maximum number of buckets: the last byte of an id names the bucket. */
const TAGS = 256;

/** Indexed by bucket: the letters behind the bucket number in its tag. `findSuffix` found them. */
const SUFFIXES: readonly string[] = (
	"qkq alt cbh jne ajz hfw bas cdf oqg ntr gsd fvq qvp aqu nge gkh azx hvu iyc hbt foj ocg edc dav fss gvf exz ltw iwl hry iuc hpv " +
	"enh lbe cjw bob dms ehf dgp ebe fne gkp eel lia odf fhk dfw ecb hdb aho hfm atb ghq fmd aln qkk gjj nfg oiq nld hhb ado cjs bof " +
	"fbp gge eiy dll aow hcz amx hau obd fni aqa qvd fve gsp fbd gys hbu anx rbt beq avt hzy jte cxh gdq fad oof fck hhb ado fee oih " +
	"bwv crc jtm kqx mhg ddj fjv goc csk dxs fvo gsz bpa cut brn ruk efk ljf kun byc lrj cpj dqq etd bqb cju adi hhd cry bwl hph xwm " +
	"fhd gmq fjk off amo hab gip fle aot hcy aew hiz bmb chw afk hjf ccz bfo hak amf lge ekh dlr eig bjv coc dpk twn cwo brz ktt bxy " +
	"gwj wpo brn eyv fjs gof eaz ddo hol aca hmc aan ojg ffj ayb hkm fmg ghr fgd gbq hjv ioc chg bmr hvo azb rvn bqk grp fwe oyg fuj " +
	"gwj wpo amw haz fjs gof nih gee hlq iid cpb bku axp yvm bsy cvl ffv gcc fdy gal ije hop opx num aaf hmk ake hgh fjv goc mhg ddj " +
	"dbx egm giq fld kfg bjj cmp bhe ekt dna cqi svl dvm esx luv mpc ggz fbo dls eif fda gat eoh lce qtt asq fzf ixf gso fvz air qnw"
).split(" ");

/** Returns the hash tag of a bucket (0..255), for example `{b0-qkq}`. */
export const tagOf = (bucket: number): string => `{b${bucket}-${SUFFIXES[bucket]}}`;

/**
 * Returns the slot where a bucket should lie: the middle of one of 256 equal ranges of slots. The ranges are assigned in
 * bit-reversed order (0, 128, 64, 192, 32...), so that the first 2, 4, 8... buckets are evenly spread too.
 */
export function idealSlot(bucket: number): number {
	let reversed = 0;
	for (let bit = 0; bit < 8; bit += 1) reversed |= ((bucket >> bit) & 1) << (7 - bit);
	return (reversed + 0.5) * (SLOTS / TAGS);
}

/**
 * Returns the three-letter suffix whose tag lies nearest to the ideal slot of the bucket, at most two slots away. Several may be
 * equally near; then the first in alphabetical order.
 */
export function findSuffix(bucket: number): string {
	const letters = [..."abcdefghijklmnopqrstuvwxyz"];
	const suffixes = letters.flatMap((a) => letters.flatMap((b) => letters.map((c) => a + b + c)));
	const distance = (suffix: string): number => Math.abs(slotOf(`b${bucket}-${suffix}`) - idealSlot(bucket));
	return suffixes.reduce((best, suffix) => (distance(suffix) < distance(best) ? suffix : best));
}

/** Returns the slot of a tag's text: CRC-16/XMODEM, as Redis Cluster computes it. */
export function slotOf(text: string): number {
	let crc = 0;
	for (const byte of Buffer.from(text)) {
		crc ^= byte << 8;
		for (let bit = 0; bit < 8; bit += 1) crc = ((crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff;
	}
	return crc % SLOTS;
}
