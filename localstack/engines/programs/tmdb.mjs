// What stands in for The Movie Database beside the payment sandbox: facts about four open films and a series with ids of its own, answered as
// https://developer.themoviedb.org/reference/movie-details does, and no pictures. Any token of at least 16 characters is taken: it opens nothing else.
//
// GET /tmdb/3/movie/<id> · /tmdb/3/tv/<id>, with `append_to_response=credits,translations,external_ids`
// GET /tmdb/3/tv/<id>/season/<number>, with `language`: English, or Russian as far as it is translated

const NETHERLANDS = [{ iso_3166_1: 'NL', name: 'Netherlands' }];

const FILMS = {
  1: {
    title: 'Big Buck Bunny',
    release_date: '2008-05-30',
    overview: 'A large rabbit whose morning three rodents spoil takes his revenge on them.',
    genres: [16, 35, 10751],
    ru: { title: 'Большой Бак', overview: 'Большой кролик мстит трём грызунам, которые испортили ему утро.' },
    crew: [['Sacha Goedegebure', 'Director'], ['Sacha Goedegebure', 'Writer'], ['Ton Roosendaal', 'Producer'], ['Jan Morgenstern', 'Original Music Composer']],
    imdb_id: 'tt1254207',
  },
  2: {
    title: 'Sintel',
    release_date: '2010-09-27',
    overview: 'A young woman looks for the dragon that she once brought up.',
    genres: [16, 14, 12],
    ru: { title: 'Синтел', overview: 'Молодая женщина ищет дракона, которого когда-то вырастила.' },
    cast: [['Halina Reijn', 'Sintel (voice)'], ['Thom Hoffman', 'Shaman (voice)']],
    crew: [['Colin Levy', 'Director'], ['Esther Wouda', 'Screenplay'], ['Ton Roosendaal', 'Producer'], ['Jan Morgenstern', 'Original Music Composer']],
    imdb_id: 'tt1727587',
  },
  3: {
    title: 'Tears of Steel',
    release_date: '2012-09-26',
    overview: 'Warriors and scientists meet at the Oude Kerk in Amsterdam to save the world from robots.',
    genres: [878, 28],
    // Only what it is about: its name is the same everywhere.
    ru: { title: '', overview: 'Воины и учёные встречаются в Амстердаме, чтобы спасти мир от роботов.' },
    cast: [['Derek de Lint', 'Old Thom'], ['Sergio Hasselbaink', 'Barley'], ['Rogier Schippers', 'Captain'], ['Vanja Rukavina', 'Thom'], ['Denise Rebergen', 'Celia']],
    crew: [['Ian Hubert', 'Director'], ['Ian Hubert', 'Writer'], ['Ton Roosendaal', 'Producer'], ['Joram Letwory', 'Original Music Composer']],
    imdb_id: 'tt2285752',
  },
  4: {
    title: 'Elephants Dream',
    release_date: '2006-03-24',
    overview: 'An old man shows a young one the machine in which they live.',
    genres: [16, 878],
    cast: [['Tygo Gernandt', 'Proog (voice)'], ['Cas Jansen', 'Emo (voice)']],
    crew: [['Bassam Kurdali', 'Director'], ['Ton Roosendaal', 'Producer'], ['Jan Morgenstern', 'Original Music Composer']],
    imdb_id: 'tt0807840',
  },
};

const SERIES = {
  1: {
    name: 'Pioneer One',
    first_air_date: '2010-06-16',
    overview: 'Something falls from the sky over Montana, and somebody is in it.',
    genres: [10765, 18],
    ru: { name: 'Первопроходец', overview: 'Над Монтаной что-то падает с неба, и внутри кто-то есть.' },
    created_by: ['Josh Bernhard', 'Bracey Smith'],
    countries: [{ iso_3166_1: 'US', name: 'United States of America' }],
    seasons: {
      1: {
        air_date: '2010-06-16',
        episodes: [
          {
            name: 'Earthfall',
            air_date: '2010-06-16',
            overview: 'Something falls from the sky over Montana, and radiation spreads from it.',
            ru: { name: 'Падение на землю', overview: 'Над Монтаной что-то падает с неба, и от него идёт излучение.' },
            crew: [['Bracey Smith', 'Director'], ['Josh Bernhard', 'Writer']],
          },
          { name: 'The Man from Mars', overview: '', crew: [] },
          { name: 'Alone in the Night', overview: '', crew: [] },
        ],
      },
    },
  },
};

const GENRES = {
  12: 'Adventure', 14: 'Fantasy', 16: 'Animation', 18: 'Drama', 28: 'Action', 35: 'Comedy', 878: 'Science Fiction', 10751: 'Family',
  10765: 'Sci-Fi & Fantasy',
};

/** The document of a title, with whatever is appended to it. */
function document(id, title, appended) {
  const { genres, ru, cast = [], crew = [], countries = NETHERLANDS, imdb_id = null, created_by, seasons, ...facts } = title;
  const [name, original] = facts.title ? ['title', 'original_title'] : ['name', 'original_name'];
  const parts = {
    credits: {
      cast: cast.map(([person, character], order) => ({ name: person, original_name: person, character, order })),
      crew: crew.map(([person, job]) => ({ name: person, original_name: person, job })),
    },
    translations: {
      translations: [
        { iso_639_1: 'en', iso_3166_1: 'US', data: { [name]: '', overview: facts.overview } },
        ...(ru ? [{ iso_639_1: 'ru', iso_3166_1: 'RU', data: ru }] : []),
      ],
    },
    external_ids: { imdb_id, wikidata_id: null },
  };
  return {
    id,
    ...facts,
    [original]: facts[name],
    original_language: 'en',
    genres: genres.map((genre) => ({ id: genre, name: GENRES[genre] })),
    production_countries: countries,
    ...(seasons && { seasons: Object.keys(seasons).map((number) => listed(id, Number(number), seasons[number])) }),
    ...(created_by && { created_by: created_by.map((person) => ({ name: person })) }),
    ...Object.fromEntries(Object.entries(parts).filter(([part]) => appended.includes(part))),
  };
}

/** Ids that nothing else has: of a season, and of its episodes. */
const seasonId = (series, number) => 1000 * series + number;

const listed = (series, number, { air_date, episodes }) => ({
  id: seasonId(series, number),
  season_number: number,
  name: `Season ${number}`,
  overview: '',
  air_date,
  episode_count: episodes.length,
});

/** A season with its episodes; what is not translated is told in English, without a text about it. */
function season(series, number, facts, is_russian) {
  const { episode_count, ...known } = listed(series, number, facts);
  const episodes = facts.episodes.map(({ name, overview, air_date = null, ru, crew }, at) => ({
    id: 100 * seasonId(series, number) + at + 1,
    episode_number: at + 1,
    season_number: number,
    air_date,
    ...(is_russian ? { name, overview: '', ...ru } : { name, overview }),
    crew: crew.map(([person, job]) => ({ name: person, original_name: person, job })),
    guest_stars: [],
  }));
  return { ...known, ...(is_russian && { name: `Сезон ${number}` }), episodes };
}

const failure = (status, status_code, status_message, headers = {}) => ({ status, headers, document: { success: false, status_code, status_message } });

/** An answer: status, headers and document. `mode` is normal, busy or unavailable. */
export function tmdb({ method, url, headers }, mode) {
  const token = /^Bearer (\S{16,})$/.exec(headers.authorization ?? '');
  if (!token) return failure(401, 7, 'Invalid API key: You must be granted a valid key.');
  if (mode === 'busy') {
    return failure(429, 25, 'Your request count (41) is over the allowed limit of 40.', { 'retry-after': '2' });
  }
  if (mode === 'unavailable') return failure(503, 9, 'Service offline: This service is temporarily offline, try again later.');
  const [, , version, kind, id, part, number, rest] = url.pathname.split('/');
  const titles = { movie: FILMS, tv: SERIES }[kind];
  const is_known = version === '3' && method === 'GET' && rest === undefined && titles && Object.hasOwn(titles, id);
  const seasons = (is_known && titles[id].seasons) || {};
  const is_season = part === 'season' && Object.hasOwn(seasons, number);
  if (!is_known || !(part === undefined || is_season)) return failure(404, 34, 'The resource you requested could not be found.');
  if (is_season) {
    const is_russian = (url.searchParams.get('language') ?? '').startsWith('ru');
    return { status: 200, headers: {}, document: season(Number(id), Number(number), seasons[number], is_russian) };
  }
  const appended = (url.searchParams.get('append_to_response') ?? '').split(',');
  return { status: 200, headers: {}, document: document(Number(id), titles[id], appended) };
}
