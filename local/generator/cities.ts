export type CityId = 'san_francisco' | 'new_york' | 'london' | 'berlin' | 'sao_paulo';

export interface Zone {
  readonly id: string;
  readonly latitude: number;
  readonly longitude: number;
  readonly streets: readonly [string, ...string[]];
}

export interface City {
  readonly id: CityId;
  /** Used in driver and rider ids. */
  readonly code: string;
  /** Moves the rush hours; the winter offset is near enough for a daily pattern. */
  readonly utcOffsetHours: number;
  /** Relative share of the trips. */
  readonly weight: number;
  readonly baseFareCents: number;
  readonly centsPerKm: number;
  readonly centsPerMinute: number;
  readonly zones: readonly [Zone, ...Zone[]];
}

const zone = (id: string, latitude: number, longitude: number, ...streets: [string, ...string[]]): Zone => ({
  id,
  latitude,
  longitude,
  streets,
});

/** Made-up tariffs, real places. Some addresses carry quotes, accents and a backslash: parsers must survive them. */
export const CITIES: Readonly<Record<CityId, City>> = {
  san_francisco: {
    id: 'san_francisco',
    code: 'sf',
    utcOffsetHours: -8,
    weight: 18,
    baseFareCents: 420,
    centsPerKm: 115,
    centsPerMinute: 42,
    zones: [
      zone('sf_downtown', 37.7897, -122.4011, 'Market St', 'Montgomery St', 'Mission St'),
      zone('sf_mission', 37.7599, -122.4148, 'Valencia St', 'Guerrero St'),
      zone('sf_marina', 37.8037, -122.4368, 'Chestnut St', 'Pier 39 "East Gate"'),
      zone('sf_sunset', 37.7534, -122.4945, 'Irving St', 'Noriega St'),
      zone('sf_airport', 37.6213, -122.379, 'Domestic Terminals'),
    ],
  },
  new_york: {
    id: 'new_york',
    code: 'nyc',
    utcOffsetHours: -5,
    weight: 30,
    baseFareCents: 500,
    centsPerKm: 130,
    centsPerMinute: 55,
    zones: [
      zone('nyc_midtown', 40.7549, -73.984, 'W 42nd St', '5th Ave', 'Lexington Ave'),
      zone('nyc_downtown', 40.7074, -74.0113, 'Broadway', 'Wall St'),
      zone('nyc_williamsburg', 40.7081, -73.9571, 'Bedford Ave', 'Grand St'),
      zone('nyc_harlem', 40.8116, -73.9465, 'W 125th St', 'Lenox Ave'),
      zone('nyc_jfk', 40.6413, -73.7781, 'JFK Terminal 4', 'JFK Terminal 8'),
    ],
  },
  london: {
    id: 'london',
    code: 'lon',
    utcOffsetHours: 0,
    weight: 24,
    baseFareCents: 380,
    centsPerKm: 140,
    centsPerMinute: 35,
    zones: [
      zone('lon_soho', 51.5136, -0.1365, 'Old Compton Street', "St James's Square"),
      zone('lon_city', 51.5155, -0.0922, 'Bishopsgate', 'Cheapside'),
      zone('lon_camden', 51.539, -0.1426, 'Camden High Street', 'Parkway'),
      zone('lon_greenwich', 51.4826, 0.0077, 'Creek Road', 'Trafalgar Road'),
    ],
  },
  berlin: {
    id: 'berlin',
    code: 'ber',
    utcOffsetHours: 1,
    weight: 12,
    baseFareCents: 390,
    centsPerKm: 165,
    centsPerMinute: 25,
    zones: [
      zone('ber_mitte', 52.52, 13.405, 'Friedrichstraße', 'Torstraße'),
      zone('ber_kreuzberg', 52.4987, 13.403, 'Oranienstraße', 'Bergmannstraße'),
      zone('ber_charlottenburg', 52.5167, 13.304, 'Kantstraße', 'Kurfürstendamm'),
      zone('ber_airport', 52.3667, 13.5033, 'Willy-Brandt-Platz'),
    ],
  },
  sao_paulo: {
    id: 'sao_paulo',
    code: 'sao',
    utcOffsetHours: -3,
    weight: 16,
    baseFareCents: 210,
    centsPerKm: 60,
    centsPerMinute: 15,
    zones: [
      zone('sao_paulista', -23.5614, -46.656, 'Avenida Paulista', 'Rua da Consolação'),
      zone('sao_pinheiros', -23.5614, -46.7016, 'Rua dos Pinheiros', 'Rua Cônego Eugênio Leite'),
      zone('sao_mooca', -23.556, -46.6, 'Rua da Mooca', 'Rua Juventus \\ Praça'),
      zone('sao_guarulhos', -23.4356, -46.4731, 'Aeroporto de Guarulhos'),
    ],
  },
};

export const CITY_IDS = Object.keys(CITIES) as [CityId, ...CityId[]];
