// What Python writes into the page, as types. `spatial/maps/web/payload.py` makes it; a test holds the two together.
// Nothing here is run: types are imported in comments, so this module is never part of a page.

/**
 * @typedef {object} Payload The whole of it.
 * @property {string} lang language that the page opens in
 * @property {Record<string, Texts>} texts by language
 * @property {Record<string, Headline>} headline by language
 * @property {Estate} estate
 * @property {Manifest} manifest
 * @property {Config} config
 * @property {[number, number]} origin longitude and latitude, in units
 * @property {Ground} base
 * @property {Context} context
 * @property {Table} spaces
 * @property {Table} places
 * @property {StreetNumbers[]} addresses
 * @property {Stairs | null} stairs
 * @property {Rooms} possible rooms on which nothing is mapped
 * @property {JudgedTables | null} judged
 * @property {Lens[]} lenses
 * @property {Rubric} rubric
 * @property {Reach | null} reach
 * @property {Relief | null} relief
 * @property {Observed | null} observed
 * @property {Plan} [plan]
 */

/**
 * @typedef {object} Rooms
 * @property {number[]} n
 * @property {number[]} d
 * @property {number[]} rings
 * @property {number[]} at pairs, where each invites
 */

/** @typedef {{ [key: string]: string | Texts }} Texts words under words, by key */

/**
 * @typedef {object} Estate
 * @property {string} name
 * @property {string | null} municipality
 * @property {Record<string, string>} state of a plan that is shown, by language; "" of what is there today
 * @property {Record<string, string>} headline the same as a sentence
 */

/**
 * @typedef {object} StreetNumbers House numbers of a street.
 * @property {string} street
 * @property {string[]} number
 * @property {number[]} at pairs
 * @property {number[]} door stairwell of each, -1 where nobody of the estate lives
 */

/**
 * @typedef {object} Stairs What each stairwell has within five minutes.
 * @property {number} good thousandths from which a meeting space is good
 * @property {Moment[]} moments today, each phase before the last, and all built
 */

/**
 * @typedef {object} Moment
 * @property {"today" | "phase" | "finished"} when
 * @property {string} name what the plan calls a phase
 * @property {string} there by stairwell: 1 where it is there
 * @property {number[]} first by stairwell, the first of its rows in space and minutes
 * @property {number[]} space row of the columns that follow
 * @property {string} minutes a digit each
 * @property {string[]} id
 * @property {Record<string, string[]> | null} names by language, where the page has no table of this time
 * @property {(number | null)[][]} score low, best and high, thousandths
 * @property {(number | null)[]} rank
 * @property {(string | null)[]} tier
 */

/**
 * @typedef {object} Headline What is said first.
 * @property {string} counted with "ranked" in braces for what is said of the order
 * @property {string} unknown
 * @property {string} dates
 * @property {string[]} reservations
 */

/**
 * @typedef {object} Manifest
 * @property {string | null} made_at ISO 8601
 * @property {Source[]} sources
 */

/**
 * @typedef {object} Source
 * @property {string} attribution
 * @property {string | null} licence
 * @property {string | null} data_date ISO 8601
 */

/**
 * @typedef {object} Config What holds for the whole page, and the names behind codes.
 * @property {RampStep[]} ramp
 * @property {string[]} relative colours of the classes of the estate's own scale
 * @property {string[]} scores the floating potential, then the aspects
 * @property {string[]} evidence states of evidence
 * @property {string[]} indicators
 * @property {(string | null)[]} aspect_of aspect of each indicator, or "gate" of a condition; null where it is not weighed
 * @property {string[]} sources
 * @property {string[]} rules
 * @property {number} min_coverage thousandths
 * @property {number} closed_at product of the conditions at or under which nothing has a rank
 * @property {"arithmetic" | "geometric"} mean
 * @property {number} top_k ranks that get a badge
 * @property {number} units_per_degree
 * @property {Tiles | null} tiles
 */

/**
 * @typedef {object} RampStep Class of scores.
 * @property {number} from hundredths
 * @property {number} to hundredths
 * @property {string} colour
 */

/**
 * @typedef {object} Tiles Online base map that somebody has asked for.
 * @property {string} url
 * @property {string} attribution
 */

/**
 * @typedef {object} Rings Lines, or rings of areas, one after the other.
 * @property {number[]} n number of vertices of each
 * @property {number[]} d steps between vertices east and north, in units; from ring to ring they run on
 */

/**
 * @typedef {object} Features Areas that stay apart.
 * @property {number[]} n number of vertices of each ring
 * @property {number[]} d steps between vertices
 * @property {number[]} rings number of rings of each area
 */

/**
 * @typedef {object} Ground
 * @property {Rings} green
 * @property {Rings} water
 * @property {Rings} waterways
 * @property {Rings} buildings
 * @property {Rings} own_buildings those of the estate
 * @property {Record<string, Rings>} ways by class
 * @property {Street[]} streets
 * @property {Rings} barriers
 * @property {number[]} gates east and north of each, in units from the origin
 * @property {Rings} boundary
 */

/**
 * @typedef {object} Street
 * @property {string} name
 * @property {Rings} line
 */

/**
 * @typedef {object} Context Schools, shops and the like around.
 * @property {number[]} at east and north of each, in units from the origin
 * @property {string[]} kind
 * @property {(string | null)[]} name
 */

/**
 * @typedef {object} Table Places or meeting spaces, column by column; scores and shares in thousandths.
 * @property {string[]} id
 * @property {(string | null)[]} space the meeting space of each place
 * @property {(string | null)[]} kind
 * @property {(string | null)[]} status of meeting spaces: "meeting space", "possible", "seat" or "closed"
 * @property {(string | null)[]} tier by the weights of the rubric: "best", "between" or "weakest"; null without a rank
 * @property {Record<string, string[]>} name by language; no two are the same
 * @property {Record<string, (string | null)[]>} about the kinds of what is there, by language, where the name does not say them
 * @property {boolean[]} inside whether it lies in the estate
 * @property {(number | null)[]} area m²
 * @property {(number | null)[]} coverage
 * @property {(number | null)[]} rank null: withheld from the ranking
 * @property {(number | null)[]} rank_low
 * @property {(number | null)[]} rank_high
 * @property {(number | null)[]} top
 * @property {Record<string, Bounds>} scores
 * @property {number[]} at east and north of each, in units from the origin
 * @property {Features} shape
 * @property {Evidence} evidence
 */

/** @typedef {[(number | null)[], (number | null)[], (number | null)[]]} Bounds worst plausible, best estimate, best plausible */

/**
 * @typedef {object} Evidence Rows about the objects of a table, in their order.
 * @property {number[]} start first row of each object, and at last the end
 * @property {number[]} indicator code
 * @property {(number | null)[]} value
 * @property {string} state a digit a row
 * @property {number[]} source code; -1: none
 * @property {number[]} rule code; -1: none
 * @property {number[]} wide rows whose value is an interval
 * @property {(number | null)[]} low of these rows
 * @property {(number | null)[]} high of these rows
 */

/**
 * @typedef {object} JudgedTables
 * @property {Judged} places
 * @property {Judged} spaces
 */

/**
 * @typedef {object} Judged Judged values of N objects by I indicators, row by row, as base64.
 * @property {string[]} indicators
 * @property {string} best float32
 * @property {string} open uint32: cells that have a width
 * @property {string} low float32, of these cells
 * @property {string} high float32, of these cells
 * @property {string} known a bit a cell
 */

/**
 * @typedef {object} Lens A way of getting about, judged by Python; only columns that differ.
 * @property {string} id
 * @property {[number, number, number]} served share of dwellings: low, best, high
 * @property {Record<string, number>} weights
 * @property {JudgedTables} tables
 */

/**
 * @typedef {object} Rubric
 * @property {Record<string, number>} aspects weights
 * @property {Record<string, Rule>} indicators
 * @property {"arithmetic" | "geometric"} mean
 * @property {number} min_coverage share
 */

/**
 * @typedef {object} Rule
 * @property {string} aspect or "gate": a condition, which multiplies the score and has no weight but 1 or 0
 * @property {number} weight
 * @property {[number, number][]} points value function
 * @property {string} why
 */

/**
 * @typedef {object} Reach The walking graph, entries of sites to it, and what is seen from them; lengths in decimetres.
 * @property {Walk[]} walks
 * @property {number} seen m
 * @property {number} nodes how many
 * @property {number[]} ends first and last node of each way, as steps from one to the next
 * @property {number[]} length of each way
 * @property {number[]} locked nodes that nobody passes
 * @property {Rings} lines
 * @property {number[]} first first entry of each site, and at last the end
 * @property {number[]} way way of each entry
 * @property {number[]} offset of each entry along its way
 * @property {number[]} leg from the site to each entry
 * @property {Features} views
 * @property {SiteOf} site
 */

/**
 * @typedef {object} Walk
 * @property {number} minutes
 * @property {number} metres
 */

/**
 * @typedef {object} SiteOf Site of each object; -1: none.
 * @property {number[]} spaces
 * @property {number[]} places
 */

/**
 * @typedef {object} Relief Shading of the ground.
 * @property {string} picture data URI
 * @property {[number, number]} size width and height in pixels
 * @property {number[]} corners upper left, upper right and lower left, east and north in units from the origin
 */

/**
 * @typedef {object} Observed Counts of people staying, as they were published.
 * @property {"space" | "hexagon"} by
 * @property {number} k counts under it are withheld
 * @property {number[]} space meeting space of each unit; -1: none
 * @property {(number | null)[]} visits
 * @property {(number | null)[]} people
 * @property {(number | null)[]} rate null: withheld
 * @property {number[]} at east and north of each, in units from the origin
 * @property {Features} shape
 */

/**
 * @typedef {object} Plan What was there before, and what differs.
 * @property {string | null} plan its name
 * @property {SpaceCounts} spaces
 * @property {string | null} worst_off_as the lens through which most homes lose; null: as an adult
 * @property {DwellingCounts} dwellings through that lens
 * @property {number | null} median_before points
 * @property {number | null} median_after points
 * @property {number | null} keeps_share
 * @property {GroundOfSides} ground
 * @property {TablesBefore} before
 * @property {Change[]} changes
 * @property {Homes} homes
 * @property {Thing[]} things
 */

/**
 * @typedef {object} SpaceCounts
 * @property {number} lost
 * @property {number} new
 * @property {number} changed
 * @property {number} kept
 */

/** @typedef {Record<string, number>} DwellingCounts by what becomes of them */

/**
 * @typedef {object} GroundOfSides What of the ground is there only before, and only after.
 * @property {Ground} before
 * @property {Ground} after
 */

/**
 * @typedef {object} TablesBefore
 * @property {Context} context
 * @property {Table} spaces
 * @property {Table} places
 * @property {Rooms} possible
 * @property {JudgedTables | null} judged
 * @property {Lens[]} lenses
 */

/**
 * @typedef {object} Change What becomes of a meeting space.
 * @property {"lost" | "new" | "changed"} state
 * @property {number | null} before its row in the table before
 * @property {number | null} after its row in the table after
 * @property {[number | null, number | null]} scores points before and after
 * @property {Reason[]} because
 */

/**
 * @typedef {object} Reason
 * @property {string} indicator
 * @property {number[] | null} before a value, or its bounds
 * @property {number[] | null} after
 */

/**
 * @typedef {object} Homes Homes that win and lose, by building.
 * @property {number[]} at east and north of each, in units from the origin
 * @property {number[]} dwellings
 * @property {number[]} before thousandths
 * @property {number[]} after thousandths
 */

/**
 * @typedef {object} Thing What differs on the ground.
 * @property {string} what
 * @property {string} how
 * @property {Rings} areas
 * @property {Rings} lines
 * @property {number[]} at east and north, in units from the origin
 */
