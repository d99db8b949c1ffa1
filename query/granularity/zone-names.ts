/** English names of zones as Java prints them: "PST", "Pacific Daylight Time". The names of today stand for all times. */
import { formatOffset, type Zone } from './zone.js';

interface Names {
  readonly standard: string | undefined;
  readonly daylight: string | undefined;
}

/** Abbreviations by the long name without "Standard Time", "Time", …; standard and daylight. */
const abbreviations = `Pacific PST PDT;Mountain MST MDT;Central CST CDT;Eastern EST EDT;Atlantic AST ADT;Newfoundland NST NDT
Alaska AKST AKDT;Hawaii-Aleutian HST HDT;Greenwich Mean GMT GMT;Western European WET WEST;Central European CET CEST
Eastern European EET EEST;Moscow MSK MSD;India IST IDT;Nepal NPT NPT;Japan JST JDT;Korean KST KDT;China CST CDT
Taipei CST CDT;Hong Kong HKT HKST;Singapore SGT SGT;Malaysia MYT MYST;Philippine PST PDT;Indochina ICT ICST
Western Indonesia WIB WIB;Central Indonesia WITA WITA;Eastern Indonesia WIT WIT;Eastern Australia AEST AEDT
Australian Eastern AEST AEDT;Central Australia ACST ACDT;Australian Central ACST ACDT;Western Australia AWST AWDT
Australian Western AWST AWDT;Lord Howe LHST LHDT;New Zealand NZST NZDT;Chatham CHAST CHADT;Apia WSST WSDT;Samoa SST SDT
Brasilia BRT BRST;Amazon AMT AMST;Argentina ART ARST;Chile CLT CLST;Colombia COT COST;Peru PET PEST;Venezuela VET VEST
Uruguay UYT UYST;Paraguay PYT PYST;Bolivia BOT BOST;Ecuador ECT ECST;Guyana GYT GYST;Suriname SRT SRST;French Guiana GFT GFST
Falkland Islands FKT FKST;Fernando de Noronha FNT FNST;Cuba CST CDT;Arabian AST ADT;Gulf GST GDT;Iran IRST IRDT;Israel IST IDT
Pakistan PKT PKST;Bangladesh BDT BDST;Sri Lanka IST IST;Bhutan BTT BTST;Maldives MVT MVST;Myanmar MMT MMST;Afghanistan AFT AFST
Uzbekistan UZT UZST;Turkmenistan TMT TMST;Tajikistan TJT TJST;Kyrgyzstan KGT KGST;East Kazakhstan ALMT ALMST
West Kazakhstan AQTT AQTST;Georgia GET GEST;Armenia AMT AMST;Azerbaijan AZT AZST;Samara SAMT SAMST;Yekaterinburg YEKT YEKST
Omsk OMST OMSST;Novosibirsk NOVT NOVST;Krasnoyarsk KRAT KRAST;Irkutsk IRKT IRKST;Yakutsk YAKT YAKST;Vladivostok VLAT VLAST
Magadan MAGT MAGST;Sakhalin SAKT SAKST;Petropavlovsk-Kamchatski PETT PETST;Anadyr ANAT ANAST;Mongolia ULAT ULAST
Ulaanbaatar ULAT ULAST;Hovd HOVT HOVST;East Africa EAT EAT;Central Africa CAT CAT;West Africa WAT WAST
South Africa SAST SAST;Azores AZOT AZOST;Cape Verde CVT CVST;Mauritius MUT MUST;Reunion RET REST;Seychelles SCT SCST
Fiji FJT FJST;Tonga TOT TOST;Tuvalu TVT TVST;Vanuatu VUT VUST;New Caledonia NCT NCST;Solomon Islands SBT SBST
Papua New Guinea PGT PGST;Marshall Islands MHT MHST;Gilbert Islands GILT GILST;Line Islands LINT LINST;Tahiti TAHT TAHST
Marquesas MART MARST;Gambier GAMT GAMST;Cook Islands CKT CKHST;Niue NUT NUST;Tokelau TKT TKST;Wake Island WAKT WAKST
Chamorro ChST ChDT;Palau PWT PWST;Nauru NRT NRST;Kosrae KOST KOSST;Norfolk Island NFT NFST;East Timor TLT TLST;Brunei Darussalam BNT BNST
Galapagos GALT GALST;Easter Island EAST EASST;West Greenland WGT WGST;East Greenland EGT EGST;St. Pierre & Miquelon PMST PMDT`;

const byLongName = new Map(
  abbreviations.split(/[;\n]/).map((entry) => {
    const parts = entry.split(' ');
    const [standard = '', daylight = ''] = parts.slice(-2);
    return [parts.slice(0, -2).join(' '), { standard, daylight }];
  }),
);

/** Zones whose daylight time has a name of its own, or that are named otherwise than their region. */
const ownNames: Readonly<Record<string, { readonly long: Names; readonly short: Names }>> = {
  'Europe/London': {
    long: { standard: 'Greenwich Mean Time', daylight: 'British Summer Time' },
    short: { standard: 'GMT', daylight: 'BST' },
  },
  'Europe/Dublin': {
    long: { standard: 'Greenwich Mean Time', daylight: 'Irish Standard Time' },
    short: { standard: 'GMT', daylight: 'IST' },
  },
  'Pacific/Apia': {
    long: { standard: 'Apia Standard Time', daylight: 'Apia Daylight Time' },
    short: { standard: 'WSST', daylight: 'WSDT' },
  },
};

const isDaylightName = (name: string): boolean => /Summer|Daylight|^Irish Standard/.test(name);
const isOffsetName = (name: string): boolean => /^(?:GMT|UTC)(?:[+-]|$)/.test(name);
const HALF_YEAR = 183 * 86_400_000;
/** Names are looked for back from here: 2024-12-15. */
const newest = 1_734_220_800_000;
const samples = 80;
const WINDOW_MS = 2 ** 30;

class ZoneNames {
  readonly #zone: Zone;
  readonly #formatter: Intl.DateTimeFormat;
  readonly #long: Names;
  readonly #short: Names;
  readonly #daylight = new Map<string, boolean>();

  constructor(zone: Zone) {
    this.#zone = zone;
    this.#formatter = new Intl.DateTimeFormat('en-US', { timeZone: zone.id, timeZoneName: 'long' });
    const own = Object.hasOwn(ownNames, zone.id) ? ownNames[zone.id] : undefined;
    this.#long = own?.long ?? this.#longNames();
    this.#short = own?.short ?? shortNames(this.#long);
  }

  name(ms: number, isLong: boolean): string {
    const names = isLong ? this.#long : this.#short;
    const found = this.#isDaylight(ms) ? names.daylight : names.standard;
    return found ?? offsetText(this.#zone.offsetAt(ms));
  }

  #given(ms: number): string {
    const at = Math.max(-8.64e15, Math.min(8.64e15, ms));
    return this.#formatter.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  }

  /** The latest names the zone had, half-year by half-year. */
  #longNames(): Names {
    let standard: string | undefined;
    let daylight: string | undefined;
    for (let i = 0; i < samples && (standard === undefined || daylight === undefined); i++) {
      const name = this.#given(newest - i * HALF_YEAR);
      if (isOffsetName(name)) continue;
      if (isDaylightName(name)) daylight ??= name;
      else standard ??= name;
    }
    daylight ??= standard
      ?.replace(/ Standard Time$/, ' Daylight Time')
      .replace(/(?<!Daylight) Time$/, ' Summer Time');
    return { standard, daylight };
  }

  #isDaylight(ms: number): boolean {
    const offset = this.#zone.offsetAt(ms);
    const key = `${Math.floor(ms / WINDOW_MS)}:${offset}`;
    let found = this.#daylight.get(key);
    if (found === undefined) {
      found = this.#measured(ms, offset);
      this.#daylight.set(key, found);
    }
    return found;
  }

  /** Where the zone had no name then: more than the least offset of the year around. */
  #measured(ms: number, offset: number): boolean {
    const name = this.#given(ms);
    if (!isOffsetName(name)) return isDaylightName(name);
    let least = offset;
    for (let i = -20; i <= 20; i++) least = Math.min(least, this.#zone.offsetAt(ms + (i * HALF_YEAR) / 18));
    const ahead = offset - least;
    // Less than that is a local mean time giving way to a zone.
    return ahead >= 20 * 60_000 && ahead <= 2 * 3_600_000;
  }
}

function shortNames({ standard }: Names): Names {
  const region = standard?.replace(/(?: Standard)? Time$/, '');
  return byLongName.get(region ?? '') ?? { standard: undefined, daylight: undefined };
}

const offsetText = (offset: number): string => (offset === 0 ? '+00:00' : formatOffset(offset));

const known = new Map<string, ZoneNames>();

/** Old names of zones that never change. */
const fixedNames: Readonly<Record<string, string>> = {
  EST: 'Eastern Standard Time',
  MST: 'Mountain Standard Time',
  HST: 'Hawaii-Aleutian Standard Time',
};

/** The name of a zone at an instant; its offset where it has no name. */
export function zoneName(zone: Zone, ms: number, isLong: boolean): string {
  if (zone.id === 'UTC' || zone.id === 'Etc/UTC') return isLong ? 'Coordinated Universal Time' : 'UTC';
  if (Object.hasOwn(fixedNames, zone.id)) return (isLong ? fixedNames[zone.id] : undefined) ?? zone.id;
  if (zone.fixedOffsetMs !== undefined) return offsetText(zone.fixedOffsetMs);
  let names = known.get(zone.id);
  if (names === undefined) {
    names = new ZoneNames(zone);
    known.set(zone.id, names);
  }
  return names.name(ms, isLong);
}
