/**
 * The hash tags of the buckets. A tag decides in which of Redis Cluster's 16,384 slots everything of its bucket lies. These are chosen so
 * that the slots of the first 16, 64 or 256 buckets divide evenly among servers with even ranges of slots: on 3 to 16 servers no one has
 * more than one bucket more than another. (`{b0}` to `{b15}` lie where they fall: of 16 servers eight get none, and two get three.)
 *
 * They are part of every key, so they never change.
 */

const SLOTS = 16_384;
/** As many as the last byte of an id can name. */
const TAGS = 256;

/** By bucket; what follows the bucket's number in its tag. `drawSuffix` found them. */
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

/** The hash tag of a bucket, 0..255: `{b0-qkq}`. */
export const tagOf = (bucket: number): string => `{b${bucket}-${SUFFIXES[bucket]}}`;

/**
 * The slot where a bucket should lie: the middle of one of 256 even parts, which are taken in bit-reversed order (0, 128, 64, 192, 32...),
 * so that each power of two of buckets lies evenly by itself.
 */
export function idealSlot(bucket: number): number {
	let reversed = 0;
	for (let bit = 0; bit < 8; bit += 1) reversed |= ((bucket >> bit) & 1) << (7 - bit);
	return (reversed + 0.5) * (SLOTS / TAGS);
}

/** Of all suffixes of three letters, the first whose tag lies nearest to the ideal slot; at most two slots away from it. */
export function drawSuffix(bucket: number): string {
	const letters = [..."abcdefghijklmnopqrstuvwxyz"];
	const suffixes = letters.flatMap((a) => letters.flatMap((b) => letters.map((c) => a + b + c)));
	const distance = (suffix: string): number => Math.abs(slotOf(`b${bucket}-${suffix}`) - idealSlot(bucket));
	return suffixes.reduce((best, suffix) => (distance(suffix) < distance(best) ? suffix : best));
}

/** The slot of a tag's text: CRC-16/XMODEM, as Redis Cluster computes it. */
export function slotOf(text: string): number {
	let crc = 0;
	for (const byte of Buffer.from(text)) {
		crc ^= byte << 8;
		for (let bit = 0; bit < 8; bit += 1) crc = ((crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff;
	}
	return crc % SLOTS;
}
