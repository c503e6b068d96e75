/**
 * Every word the built-in model knows, as data. The rules that read these tables are in `dates.ts`,
 * `references.ts`, `extract.ts` and `understand.ts`; a new word or pattern is added here and in `utterances.ts`.
 * Patterns are matched against text that `normalise` has made straight-quoted and single-spaced.
 */

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/).filter(Boolean));

/** What the model answers when asked what it is. */
export const IDENTITY =
  "I am Steward's built-in model: fixed rules that run on this machine, not an LLM, and nothing leaves it. I turn what you write into tasks, goals and problems, plan your day and answer questions about them. Connect a language model in Settings when you want to talk freely.";

/** What the model answers when asked for help: one example for each thing it understands. */
export const HELP = [
  'This is what I understand:',
  '- Capture: "buy milk tomorrow 5pm p1 #home", "my goal is to learn Spanish this year", "the budget is a problem"',
  '- Ask: "what\'s open?", "what should I do today?", "what\'s overdue?", "what\'s blocking the bathroom?"',
  '- Change: "mark the second one done", "move it to Friday", "make it p1", "archive the first one", "reopen it"',
  '- Remember: "remember that the boiler code is 4711", "what do you know about the boiler?", "forget the boiler code"',
  'What I do not understand I keep in your inbox. I am a built-in set of rules, not an LLM.',
].join('\n');

/** How our questions begin; the answer to one is understood by it. */
export const WHICH = 'Which one do you mean?';
export const ONE_BY_ONE =
  'I do not change everything at once. Ask "what\'s open?", then name some, such as "the first and the third".';
export const WHICH_DAY = 'To which day?';

/** Verbs that begin an instruction to oneself: "buy milk", "call the bank". */
export const ACTION_VERBS = words(`
  accept add adjust attach drive fly cycle jog swim hike rehearse sign rinse sand play listen enjoy cut shower stir roast chop mail print reply wean toast boil apply approve arrange ask assemble assign attach attend back bake bathe book borrow bring brush
  build buy calculate call cancel change charge check choose clean clear close collect compare compile complete
  configure confirm contact convert cook copy cover create cut debug decide declutter decorate defrost deliver delete
  deploy deposit design dispose document donate download draft draw dry dust edit email empty enrol enroll enter
  estimate exchange exercise explain export extend feed fetch file fill finalise finalize find finish fix fold follow
  format freeze gather get give go grab groom hand hang harvest hire hoover host implement import improve inform
  inspect install interview introduce investigate invite invoice iron join kick label launch learn lend list lock
  look lubricate mail make map measure meditate meet mend merge message migrate mop mount move mow negotiate notify
  obtain open order organise organize outline overhaul pack paint pay phone pick plan plant plaster polish post
  practice practise prepare present print process proofread provide prune publish purchase put quote rake reach read
  rebook rebuild recharge record recruit recycle refactor refill refund register release remind remove renew renovate
  rent repaint repair replace reply report request research reserve reset respond restock return review revise rewrite
  rinse ring run sand schedule scan scrub search sell send service set settle setup sew share sharpen shave ship shop
  shred sign sketch solve sort speak start store stretch study submit subscribe sweep switch take talk tell test text
  thank tidy tighten tile track train translate transfer trim try tune turn unblock unclog uninstall unpack unplug
  unsubscribe update upgrade upload vacuum validate verify visit volunteer wait walk wash watch water weed weigh wipe
  wire withdraw work wrap write
`);

/** "do the dishes": the one verb that also begins questions needs its object. */
export const CHORES =
  /^do (?:(?:the|my|our|some|a|more) )?(?:dishes|laundry|tax(?:es)?|tax return|homework|shopping|groceries|ironing|exercises?|yoga|workout|accounts|accounting|washing|washing up|hoovering|vacuuming|cleaning|paperwork|inventory|research|gardening|backups?|chores|push-?ups|stretches|pilates|dusting|budget|payroll|interviews?)\b/i;
/** "groceries: milk, eggs": a list of things to buy. */
export const SHOPPING = /^(?:i |we )?(?:need|groceries|shopping(?: list)?|to buy)\s*:\s*(?<items>.+)$/i;
/** "the form has to be sent", "the sink needs fixing": an instruction with its verb behind. */
export const PASSIVE_DUTIES: readonly RegExp[] = [
  /^(?<object>.+?) (?:has to|have to|needs? to|must|should|ought to) be (?<verb>\w+)\b(?<rest>.*)$/i,
  /^(?<object>.+?) needs? (?<verb>\w+ing)\b(?<rest>.*)$/i,
];
/** "remind me tomorrow to call". */
export const DATED_REMINDER = /^(?:please )?remind me (?<when>.+?) (?:to|that|about|of) (?<what>.+)$/i;

/** Verbs of months rather than minutes: what follows is a goal even as a bare instruction. */
export const GOAL_PHRASES: readonly RegExp[] = [
  /^(?:renovate|remodel|redecorate|master|become|quit|retire|pay off|train for|learn(?! (?:if|whether|when|what|who|why|how much)\b)|launch|double|triple)\b/i,
  /^(?:lose|gain) (?:some |\d+ ?)?(?:weight|kg|kilos|pounds|lbs)\b/i,
  /^(?:get|be|become|stay) (?:fit|fitter|healthy|healthier|in shape|promoted|debt[- ]free|fluent|organi[sz]ed)\b/i,
  /^(?:run|finish|complete) (?:a|my first|the) (?:half[- ])?(?:marathon|triathlon|10k|5k)\b/i,
  /^(?:write|publish|finish) (?:a|my|the) (?:book|novel|thesis|dissertation|memoir)\b/i,
  /^(?:start|found|build|open|grow|sell) (?:a|an|my|our|the) (?:own )?(?:business|company|start-?up|shop|cafe|restaurant|blog|podcast|channel|house)\b/i,
  /^(?:buy|sell) (?:a|an|our|my|the) (?:new )?(?:house|home|flat|apartment)\b/i,
  /^save (?:up |money|enough|[€$£]|\d)/i,
  /^read \d+ books\b/i,
  /^move to (?!the\b|a\b|my\b|our\b|another\b)[a-z]/i,
];

/** Verbs that make a goal only when the speaker *wants* it ("I want to improve …"), else a task ("improve the intro"). */
export const WISHED_GOAL_VERBS = words(
  'improve build grow develop travel eat exercise sleep reduce increase establish create live spend stop strengthen explore organise organize',
);

/** Openers that say the speaker wishes for what follows. They and `OBLIGATIONS` are removed from the title. */
export const WISHES =
  /^(?:(?:i|we)(?:'d| would)? (?:really |also |still )?(?:like|love|want|hope|aim|intend|plan|aspire|dream|wish) (?:to|of)|(?:i'm|i am|we're|we are) (?:aiming|hoping|planning|dreaming|intending) (?:to|of)|(?:my|our) (?:main |big |next |new )?(?:goal|aim|dream|ambition|plan|target|objective|resolution)(?:,? (?:for )?(?:this|next) (?:year|month|week|quarter))? is (?:to )?|(?:the|one of (?:my|our)) (?:main |big |next )?goals?(?:,? (?:for )?(?:this|next) (?:year|month|week|quarter))? is to )\s*/i;

/** Openers that say the speaker has to do what follows. */
export const OBLIGATIONS =
  /^(?:(?:i|we)(?:'ve| have)? (?:really |also |still |just |absolutely |urgently )?(?:(?:need|have|got|ought|want)(?: (?:also|really|still|remember))? to|gotta|must|should|shall|will|had better)|(?:i|we)'(?:ll|d better)(?: need to| have to)?|(?:i'm|i am|we're|we are) (?:supposed to|going to|gonna)|(?:need|have|got) to|gotta|must|let's|let us|it's time to|time to|(?:please )?remind me(?: (?:later|again))? to|(?:always )?remember to|make sure(?: (?:to|i|we|that i|that we))?|be sure to|try to)\s+/i;
/** Said with a "not" and meant the other way round: "don't forget to call". */
export const NOT_TO_FORGET =
  /^(?:please )?(?:i |we )?(?:don't|do not|never|mustn't|must not|can't|cannot|shouldn't)(?: want to| let (?:me|us))? forget(?: to| about)?\s+(?!that\b)/i;
/** Openers of a plan that is no duty: what follows has to begin with a verb we know ("going to Italy" is none). */
export const INTENTIONS =
  /^(?:(?:i|we)'(?:ll|re|m)|(?:i|we) (?:will|shall|am|are)|i'm|we're|let's|let us)\b/i;
/** "I need milk": to be got. Group `noun`. */
export const NEEDS =
  /^(?:i|we) (?:also |really |still |just )?(?:need|are out of|'re out of|ran out of)(?: to (?:get|buy))? (?<noun>(?!to\b|you\b|him\b|her\b|them\b|it\b|that\b|this\b|your\b|help\b).+)$/i;
/** "I have a meeting at 3": a time makes it something to do. Group `noun`. */
export const APPOINTMENTS =
  /^(?:i|we)(?:'ve got| have got| have|'ve)(?: got)? (?:an? |my |our |the )?(?<noun>.+)$/i;

/** Explicit instructions to add something; group `kind` says what, if it was said. */
export const ADDITIONS: readonly RegExp[] = [
  /^(?:new|another )?\s*(?<kind>task|to-?do|goal|problem|issue|reminder)s?\s*:\s*(?<body>.+)$/i,
  /^(?:note to self|action item|action)\s*:\s*(?<body>.+)$/i,
  /^new (?<kind>task|to-?do|goal|problem|issue|reminder)\s+(?<body>.+)$/i,
  /^(?:add|create|make|log|capture|record|set up|set|note|register|open|file)(?: me)? (?:a |an |the |another |one more )?(?:new )?(?<kind>task|to-?do|goal|problem|issue|reminder)(?: item| entry)?(?:\s*:\s*|,? (?:called|named|titled|saying|that says|to|for|that|about) |\s+)(?<body>.+)$/i,
  /^(?:add|put|write|include|stick)(?: down)? (?<body>.+?) (?:to|on|onto|in|into)(?: (?:my|our|the|a))? (?:(?<kind>task|to-?do|goal|problem|issue|reminder)s?(?: list)?|(?<tag>[\p{L}-]+ )?list|todos|inbox|backlog|agenda)(?<tail> (?:for|by|on|before|due|tomorrow|today|tonight|next|this)\b.*)?$/iu,
  /^remind me (?:about|of|that) (?<body>.+)$/i,
  /^(?:add|capture)\s*:?\s+(?<body>(?!(?:a )?notes? ).+)$/i,
];

/** Words before a clause that carry no content. `first`/`then` set the order of tasks. */
export const CONNECTORS =
  /^(?:(?:and|but|also|plus|so|well|oh|ok|okay|hey|hi|hello|steward|please|pls|btw|by the way|right|alright|anyway|fyi|yes|yeah|sure|thanks|thank you|great|cool|actually|now|today's list|todo|to-?do list)\b[\s,:!.-]*)+/i;
export const SEQUENCE =
  /^(?:(?<first>first(?:ly)?(?: of all)?|to (?:start|begin)(?: with)?)|(?<then>then|second(?:ly)?|third(?:ly)?|next(?! (?:week|month|year|mon|tue|wed|thu|fri|sat|sun))|after (?:that|this)|afterwards|finally|lastly))\b[\s,:-]*/i;

/** Requests put as a question: what follows is read as a plain instruction. */
export const POLITE =
  /^(?:(?:hey|hi|hello|ok|okay|so)[ ,]+)?(?:steward[ ,:]+)?(?:please[ ,]+)?(?:(?:can|could|would|will) (?:you|u)(?: (?:please|kindly|maybe|just))*|it would be (?:great|nice|good|lovely|helpful) if you (?:could|would)|i(?:'d| would) like you to|i (?:want|need) you to|please|kindly)[ ,]+/i;
/** After a polite question only these verbs are for the model itself; "can you buy milk?" stays a question. */
export const OWN_VERBS =
  /^(?:add|create|capture|note|log|put|remind|mark|set|tick|check off|cross|complete|close|reopen|re-open|move|reschedule|postpone|push|snooze|delay|defer|archive|delete|remove|drop|prioriti[sz]e|deprioriti[sz]e|make it|make the|make that|raise|lower|remember|forget|list|show|tell|give|plan|display|find|restore)\b/i;

/** Problems: group `what` is the title, `whole` keeps the clause as the title. */
export const PROBLEMS: readonly RegExp[] = [
  /^(?:a |the |another )?(?:problem|issue|concern)\s*:\s*(?<what>.+)$/i,
  /^(?:the|my|our|another|one|a) (?:only |main |big |biggest |real |other |current |first )?(?:problem|issue|concern|worry|trouble|obstacle|bottleneck|risk|challenge|difficulty) (?:here |with (?:this|that|it) )?(?:is|remains)(?: that)? (?<what>.+)$/i,
  /^(?<what>.+?) (?:is|are|'s|remains?|has become|have become|is becoming|will be|could be|might be)(?: still| really| also| always| such| becoming| going to be| getting to be)*(?: an?| the| another| our| my)?(?: very| really)?(?: big| bigger| biggest| huge| real| serious| major| main| small| growing| constant| tricky| only)? (?:problem|issue|concern|bottleneck|worry|trouble|risk|obstacle|headache|blocker|challenge|nuisance|pain)s?$/i,
  /^(?:i'm|i am|we're|we are|i) (?:really |very |still |a bit |also |always )?(?:worried|concerned|stressed|anxious|nervous|worry) about (?<what>.+)$/i,
  /^(?:i'm|i am|we're|we are|i|we)(?: keep| still| really)? (?:struggling|struggle|stuck|having (?:problems|trouble|issues|difficulties)) (?:with|on) (?<what>.+)$/i,
  /^(?:i|we)(?:'ve got| have|'ve| got| have got)? (?:a |an |some |more )?(?:big |serious |real |small )?(?:problem|issue|trouble|difficulty|difficulties|problems|issues) with (?<what>.+)$/i,
  /^(?<whole>(?:the|my|our|both) .+? (?:is|are) (?:(?:still|badly|completely|always|often) )?(?:broken|leaking|failing|crashing|blocked up|clogged|too (?:expensive|slow|small|loud|hot|cold|tight|late)|out of order|not working|falling apart|running out|overheating|mouldy|moldy|flooded))$/i,
  /^(?<whole>(?:the|my|our) .+? (?:keeps?|won't stop|has started|started) (?:on )?(?:breaking|failing|crashing|leaking|disconnecting|freezing|jamming|overheating|dripping|stalling)(?: .*)?)$/i,
  /^(?<whole>(?:the|my|our) .+? (?:doesn't|does not|don't|do not|won't|stopped|has stopped) (?:work|working|start|starting|charge|charging|turn on|close properly|open properly)(?: .*)?)$/i,
  /^(?<whole>(?:(?:we|i) (?:don't|do not) have|there(?:'s| is| are)(?: not|n't)|not) enough (?:money|time|people|staff|space|budget|cash|hands|capacity|room)(?: .*)?)$/i,
  /^(?<whole>(?:money|time|cash|space|the (?:money|time|budget|schedule|cash|space)|our (?:budget|schedule)) (?:is|are) (?:very |really |a bit |too |still |getting )?(?:tight|short|scarce|limited))$/i,
  /^(?:i|we)(?:'ve got| have got| have)? (?<whole>(?:too many|too much|far too many|far too much) .+|(?:no|hardly any) (?:money|time|budget|space|staff|cash|internet|power|water|heating|access|support|signal|hot water).*)$/i,
  /^(?<whole>(?:i'm|we're|i am|we are) (?:far |badly |already |two weeks )?(?:behind schedule|behind with .+|overbooked|understaffed|overdrawn|in debt|over budget))$/i,
  /^(?<whole>my .+ (?:hurts?|aches?|is sore|is killing me))$/i,
  /^(?:i|we)(?:'re| are|'m| am) (?:running )?(?:out of|short of|short on|low on) (?<what>money|time|cash|staff|budget|space)$/i,
];

/** Problems and tasks about the same of these are linked: a task about money addresses a problem about money. */
export const THEMES: Readonly<Record<string, ReadonlySet<string>>> = {
  money: words(
    'budget cost costs money price prices quote quotes estimate estimates offer offers invoice loan mortgage bank finance financing afford expensive save cheap cheaper tax taxes bill bills salary debt cash funding',
  ),
  time: words('time schedule deadline deadlines calendar planning late delay delays overdue timeline'),
  people: words(
    'staff team hire hiring people recruit recruiting contractor contractors builder helper capacity',
  ),
  health: words('health sleep weight doctor dentist pain back stress exercise diet physio'),
  trust: words('security password passwords backup backups access login leak privacy'),
};

/** A clause that begins so is nobody's instruction to act. */
export const NEGATIONS: readonly RegExp[] = [
  /^(?:please )?(?:don't|do not|dont|never|no need|not |needn't|stop |let's not|let us not|no longer|no more)/i,
  /^(?:i|we|you|they|he|she|it|there)(?:'d| would|'ve| have|'m| am|'re| are|'s| is)? ?(?:really |actually |probably |still |just |definitely |also )?(?:don't|do not|dont|doesn't|does not|didn't|did not|won't|will not|shouldn't|should not|can't|cannot|can not|couldn't|could not|wouldn't|would not|haven't|have not|hasn't|has not|needn't|need not|mustn't|must not|ain't|isn't|aren't|wasn't|weren't|not|never|no longer)\b/i,
  /\b(?:isn't|is not|aren't|are not|wasn't|was not|no longer|not really|hardly|never) (?:really |actually |such )?(?:an? |the |my |our )?(?:big |real |serious |major )?(?:problem|issue|concern|worry|risk|goal|priority|task|done|finished|urgent|important|due|necessary|needed)\b/i,
  /\b(?:doesn't|does not|don't|do not|didn't) (?:really )?(?:need|have|want) to\b/i,
  /^(?:the|my|our|this|that) (?:[\w-]+ ){1,4}?(?:hasn't|haven't|didn't|isn't|aren't|wasn't|weren't|won't|doesn't|don't|can't|has not|have not|did not|is not|are not|was not|will not|does not|cannot)\b/i,
  /^(?:nobody|no one|nothing|none)\b/i,
  /^(?:instead of|rather than|without)\b/i,
];

/** "What if", "I would", "maybe": thought about, not decided. */
export const HYPOTHETICALS: readonly RegExp[] = [
  /^(?:if|unless|supposing|suppose|imagine|assuming|assume|what if|say,|let's say|let's imagine|let's pretend|hypothetically|in theory|theoretically|were i|had i|as if|for example|for instance|e\.g\.|example:|in case)\b/i,
  /^(?:maybe|perhaps|possibly|one day|someday|some day|ideally|in an ideal world)\b/i,
  /^(?:i|we|you|he|she|they|one)(?:'d| would| could| might| may)(?: (?:probably|never|always|maybe|perhaps|also|even|then|just|rather|still|of course))* (?!like to\b|love to\b|better\b|like you to\b)(?:have |be )?[a-z]+/i,
  /^(?:i|we) (?:wish|wonder|was thinking|were thinking|am thinking|guess|suppose|dreamt|dreamed|was wondering)\b/i,
  /^(?:i'm|we're) (?:thinking (?:about|of)|considering|wondering|not sure|unsure|undecided|tempted)\b/i,
  /\b(?:would|could|should|might) have\b/i,
  /\bif (?:i|we|you|he|she|they|it) (?:had|were|was|could|would|ever|won|bought|got|did|went)\b/i,
  /^(?:it )?(?:would|might|could) be (?:nice|good|great|fun|better|useful|lovely|cool)\b/i,
  /^(?:i|we) (?:should|could) (?:probably|maybe|perhaps)\b/i,
];

/** Someone else's words. */
export const QUOTATIONS: readonly RegExp[] = [
  /\b(?:he|she|they|it|you|who|someone|somebody|everyone|everybody|people|mum|mom|dad|boss|manager|doctor|dentist|teacher|neighbou?r|colleague|client|customer|landlord|plumber|wife|husband|partner|sister|brother|friend|son|daughter|kids?|email|e-mail|letter|book|article|sign|note|song|film|movie|ad|website|message|news|recipe|manual|report)(?:'s|'ve|'d)? (?:just |always |also |once |never |only |has |had |keeps? )?(?:said|says|saying|told|tells|telling|wrote|writes|asked|asks|asking|suggested|suggests|mentioned|mentions|claims|claimed|thinks|thought|reads|recommends|recommended|wants|wanted|shouted|insisted|insists|advised|advises|yelled|sang|goes|went like)\b/i,
  /^(?:according to|quote:|as they say|the saying goes|rumou?r has it|i (?:read|heard|saw)(?: somewhere)? that)\b/i,
  /^".*"[.!?]?$/s,
  /^'.*'[.!?]?$/s,
  /^>/,
  /^(?:[-–—] )?"[^"]+"\s*[,-–—]?\s*(?:he|she|they|i|we|said|says|asked)\b/i,
  /\b(?:the (?:phrase|word|words|sentence|title|command|song|slogan|motto|lyrics)|translate|spell|the (?:film|book|movie|novel) (?:called|named|titled))\s*:?\s*"/i,
  /^(?:i|we) (?:said|told|asked|replied|answered|wrote)(?: (?:him|her|them|you|mum|dad))?\b/i,
];

/** Nothing to do and nothing to keep. Whole messages only. */
export const SMALL_TALK: readonly RegExp[] = [
  /^(?:ok(?:ay)?|k|kk|yes|yeah|yep|yup|no|nope|nah|sure|fine|right|alright|hm+|mm+|uh+|um+|oh|ah|wow|cool|nice|great|good|perfect|awesome|excellent|brilliant|super|lol|haha+|hehe|interesting|indeed|exactly|absolutely|agreed|whatever|never ?mind|forget it|forget about it|nothing|not now|later|maybe|perhaps|i see|got it|understood|makes sense|fair enough|no worries|no problem|you're welcome|bless you|oops|sorry|my bad|test|testing|ping|congrats|congratulations|cheers|good (?:job|work|stuff|one|idea|point)|well done|nice (?:one|work|job)|great (?:job|work|stuff))(?: then| thanks| steward| for now)?[.! ]*$/i,
  /^let's (?:see|talk|go|try|do (?:it|that|this)|start|begin|continue|move on|wait|hope(?: so)?)(?: (?:it|that|then|now|later|soon|tomorrow|what happens))?$/i,
  /^(?:no|nope|nah|ok|okay)[, ]+(?:don't|thanks|thank you|not now|stop|leave it|never mind|it's fine|that's fine|that's all|all good|forget it)\b.*$/i,
  /^(?:how are you|how's it going|how are things|how do you do|how was your day|how do you feel|what's up|sup|are you (?:ok|there|awake|happy|alive|real|bored|sure|human)|you there|do you (?:sleep|dream|like|love|feel|have feelings|get bored)|tell me a joke|sing (?:me )?a song|who (?:won|is the president)|what's the meaning of life|i love you|i hate you|i like you|you(?:'re| are) (?:great|funny|awesome|the best|stupid|smart|nice|amazing|welcome|right|wrong|so)|good ?night|sleep well|sweet dreams|see you|see ya|talk (?:to you )?(?:later|soon|tomorrow)|until (?:later|tomorrow|then)|till (?:later|tomorrow)|have a (?:nice|good|great|lovely)|happy (?:birthday|new year|easter|christmas|friday|monday)|merry christmas|bye|goodbye|ciao|take care)\b/i,
  /^(?:what a |such a |it's (?:a |been a |so |really |very |too )?|today (?:is|was) |that(?:'s| is| was) (?:a |so |really |very |too )?)?(?:nice|great|lovely|beautiful|gorgeous|awful|terrible|bad|good|busy|long|crazy|hard|tough|strange|weird|funny|amazing|wonderful|horrible|hot|cold|rainy|sunny|snowy|windy|raining|snowing|boring|exciting|late|early|quiet|hectic|slow|exhausting|tiring|fantastic|lazy)\b(?! (?:quote|offer|deal))(?:(?! #| p[1-4]\b|\d).)*$/i,
  /^(?:i'm|i am|i feel|i'm feeling|we're|i was|feeling) (?:so |really |very |a bit |too |quite |just |feeling )*(?:tired|exhausted|happy|sad|hungry|thirsty|bored|fine|good|great|ok(?:ay)?|well|back|home|here|busy|sick|ill|excited|sleepy|cold|hot|late|lost|confused|sorry|glad|proud|free|off|awake|stressed|better|angry|done(?: for (?:today|the day))?$|finished$|at work|on my way|in a meeting|not well)\b/i,
  /^(?:i|we) (?:really |just |so |also |still )?(?:love|like|hate|enjoy|prefer|adore|miss|believe|think|feel|agree|disagree|hope (?:you|it|so|not)|know|don't know|can't believe|wonder)\b(?! to\b)/i,
  /^(?:i|we)(?:'ve| have)? (?:need|have|got|gotta|must|should|want)(?: to)? (?:go|leave|run|sleep|rest|think|admit|say|be|eat|help|a (?:break|coffee|drink|holiday|hug|nap|rest)|coffee|sleep|a moment|a minute|some (?:sleep|rest|time|coffee|air|help|space)|you|him|her|it|that|this|more|fun|faith)(?: (?:now|soon|too|then|about (?:it|that)|on it|it over|honest|home|badly))?[.!]*$/i,
  /^(?:my|our|the) (?:day|weekend|holiday|trip|week|morning|night|meeting|party|dinner|lunch|game|match|film|movie|book|concert|weather|coffee|food|weather today)(?: today| yesterday| last \w+)? (?:is|was|were|went|has been|looks|sounds|tastes|felt|turned out)\b/i,
];

export const GREETINGS =
  /^(?:hi|hello|hey|hiya|howdy|yo|greetings|good (?:morning|afternoon|evening|day)|morning|evening|moin|salut|hola|hallo)(?: (?:there|steward|again|all|everyone|you))?[ .!,]*$/i;
export const THANKS =
  /^(?:(?:ok(?:ay)?|great|perfect|cool|nice|wonderful)[ ,!.]*)?(?:thanks|thank you|thx|ty|cheers|much appreciated|many thanks|thanks a lot|thanks so much|merci|danke|gracias)(?: (?:very much|so much|a lot|steward|again|for .+|you|that helps|a million))*[ .!]*$/i;
export const HELP_REQUESTS =
  /^(?:\/?help(?: me)?(?: please)?|\/start|i need help|commands|usage|how does (?:this|it) work|how (?:do|can) i use (?:this|you|it|steward)|(?:can|could) you help(?: me)?|what does p[1-4] mean|how (?:do|can|would|should) i (?:add|create|delete|remove|move|complete|archive|mark|use|see|change|set|snooze|finish|reschedule|make|link)\b.*|what (?:can|do) (?:you|i) (?:do|say|ask|write|type)(?: (?:here|for me|with (?:you|this)))?|what (?:else )?can (?:you|i)(?: (?:do|say))?|what are your (?:features|commands|abilities)|how can you help(?: me)?|show (?:me )?(?:the )?(?:help|commands))[ ?.!]*$/i;
export const IDENTITY_QUESTIONS =
  /^(?:so |and |but )?(?:(?:what|who)(?:'s| are| is|'re) (?:you|steward|this)(?: (?:exactly|really|called|actually))?|are you (?:an? |the |really |actually )?(?:ai|llm|bot|robot|chat ?gpt|gpt(?:-?\d.*)?|claude|gemini|human|person|language model|large language model|machine|real(?: person)?|computer|model|artificial intelligence|program)(?: or .+)?|(?:what|which) (?:language |ai )?(?:model|llm|ai|version)(?: (?:are|is|do|version)\b.*)?|what's your name|what is your name|do you use (?:an? )?(?:ai|llm|gpt|claude|model)|is this (?:an? )?(?:ai|llm|gpt|claude|chat ?gpt|bot|language model)|am i talking to (?:an? |the )?.*|who (?:made|built|created) you|tell me about yourself|introduce yourself)[ ?.!]*$/i;

/** A sentence that starts so is a question, with or without its mark. */
export const QUESTION_START =
  /^(?!(?:when|where|how|why) (?:i|we|you|he|she|they|the|my|our)\b)(?:what|what's|whats|which|who|who's|whom|whose|when|when's|where|where's|why|how|how's|is|are|am|was|were|do|does|did|have (?:i|we|you|they)|has|had (?:i|we)|can|could|should|shall|would|will|may|might|isn't|aren't|don't (?:i|we|you)|didn't|doesn't|won't|any(?:thing)?)\b(?! not\b)/i;

/** Questions and instructions that read. Group `about` is the subject. The first match wins. */
export const READS: readonly {
  readonly pattern: RegExp;
  readonly reads: 'plan' | 'blocking' | 'recall' | 'ask';
}[] = [
  {
    reads: 'plan',
    pattern:
      /^(?:\/(?:today|plan|focus|next)\b.*|today|next|what now|now what|what else|and now|what's first|next (?:task|one)(?: please)?)$/i,
  },
  {
    reads: 'plan',
    pattern:
      /^(?:so |and |ok,? )?what (?:should|shall|must|can|do|could|would) (?:i|we) (?:do|work on|focus on|start with|tackle|get done|have to do|need to do|be doing|prioriti[sz]e)(?: first| next| now| today| this morning| this afternoon| tonight)*$/i,
  },
  {
    reads: 'plan',
    pattern:
      /^(?:what's|what is|whats) (?:next(?: up)?|up next|on(?: (?:my |the )?(?:plan|plate|agenda|schedule))?(?: for)?(?: today)?|(?:my|the|today's|our) (?:plan|focus|agenda|schedule|day)(?: for (?:today|the day))?(?: like)?(?: today)?|planned(?: for)? today|most important(?: today| now| right now)?|today's plan|today|for today|(?:my|the) (?:top|most important|next) (?:task|priority|priorities|thing)(?: today| now)?)$/i,
  },
  {
    reads: 'plan',
    pattern:
      /^(?:(?:show|give|tell|make|list|display|read)(?: me)? )?(?:a |my |the |today's |our )?(?:plan|focus|agenda|day plan|daily plan)(?: my| the)?(?: for)?(?: today| the day| day| me)?$/i,
  },
  {
    reads: 'plan',
    pattern:
      /^(?:plan|organi[sz]e|prioriti[sz]e|structure) (?:my|the|our) (?:day|today|morning|afternoon|work)(?: today)?$/i,
  },
  {
    reads: 'plan',
    pattern: /^(?:where|what) (?:should|do|shall) (?:i|we) (?:start|begin)(?: today| with| first)?$/i,
  },
  {
    reads: 'plan',
    pattern:
      /^(?:what|which)(?: tasks?)? (?:is|are|should be) (?:my |the )?(?:priority|priorities|focus|most important)(?: today| now)?$/i,
  },
  {
    reads: 'blocking',
    pattern:
      /^(?:so |and )?(?:what|who|which tasks?|anything)(?:'s|s| is| are)? (?:currently |still )?(?:blocking|holding up|stopping|in the way of|preventing|delaying|keeping)(?: (?<about>.+?))?(?: back| from .+)?$/i,
  },
  { reads: 'blocking', pattern: /^(?:what|which)(?: tasks?)? blocks? (?<about>.+)$/i },
  {
    reads: 'blocking',
    pattern:
      /^why (?:is|are|can't i|can't we|isn't|aren't) (?:do |start |finish )?(?<about>.+?) (?:blocked|stuck|waiting|not (?:in|on) (?:my|the|today's) plan|on hold|done|moving|late)(?: yet)?$/i,
  },
  {
    reads: 'blocking',
    pattern:
      /^what (?:does|do|is) (?<about>.+?) (?:depend(?:s|ing)? on|wait(?:ing)? (?:for|on)|blocked (?:by|on)|need(?:s)?)$/i,
  },
  {
    reads: 'recall',
    pattern:
      /^(?:what|tell me what|show me what) (?:do|did|have) you (?:know|remember|remembered|learned?|noted|recall)(?: (?:about|of|on) (?<about>.+))?$/i,
  },
  { reads: 'recall', pattern: /^(?:do|did|can) you (?:remember|recall|know) (?<about>.+)$/i },
  {
    reads: 'recall',
    pattern:
      /^(?:recall|look up|remind me what|remind me when|remind me where|remind me who|remind me how) (?<about>.+)$/i,
  },
  {
    reads: 'recall',
    pattern: /^what (?:did|have) i (?:tell|told|say|said)(?: to)?(?: you)?(?: about)? (?<about>.+)$/i,
  },
  {
    reads: 'recall',
    pattern:
      /^(?:what|when|where|who|which|how (?:old|tall|big|much|long|many))(?:'s| is| was| are| were|'re| does| do| did) (?<about>(?:my|our|the) .+)$/i,
  },
  { reads: 'ask', pattern: /^(?:tell|show|give|explain) (?:me|us) (?:about |more about )?(?<about>.+)$/i },
];

/** Nouns that name a list. */
export const ENTITY_NOUNS: readonly {
  readonly pattern: RegExp;
  readonly type: 'task' | 'goal' | 'problem';
}[] = [
  { type: 'goal', pattern: /\b(?:goals?|aims?|objectives?|ambitions?|targets?)\b/i },
  { type: 'problem', pattern: /\b(?:problems?|issues?|concerns?|obstacles?|worries)\b/i },
  { type: 'task', pattern: /\b(?:tasks?|to-?dos?|to do|chores?|things?|items?|stuff|work|list)\b/i },
];

/** Words that filter a list by state, and by whom they are understood. */
export const STATUS_WORDS: readonly {
  readonly pattern: RegExp;
  readonly status: 'open' | 'done' | 'blocked' | 'archived';
}[] = [
  {
    status: 'done',
    pattern:
      /\b(?:done|finish(?:ed)?|completed?|accomplish(?:ed)?|achieved?|solved|resolved|got done|ticked off)\b/i,
  },
  { status: 'blocked', pattern: /\b(?:blocked|stuck|waiting|on hold)\b/i },
  { status: 'archived', pattern: /\b(?:archived?|deleted|removed)\b/i },
  {
    status: 'open',
    pattern: /\b(?:open|pending|left|outstanding|unfinished|remaining|active|to ?do|current|still)\b/i,
  },
];

/** What makes a question or "show …" a request for a list. */
export const LIST_REQUESTS: readonly RegExp[] = [
  /^(?:what's|what is|whats|what are|which are|what(?: else)? is) (?:still |currently |all )?(?:open|pending|left|outstanding|unfinished|remaining|overdue|late|due|done|finished|completed|blocked|stuck|active|urgent|waiting|to do|on my (?:list|plate|to-?do list)|in my (?:list|tasks|backlog)|coming up|happening|planned|scheduled)\b.*$/i,
  /^(?:what|which) (?:open |overdue |urgent |active |other |blocked |unfinished |current )?(?:tasks?|to-?dos?|goals?|problems?|issues?|things?|items?|chores?)\b.*$/i,
  /^(?:what's|what is|what are|what were|where are) (?:all )?(?:my|our|the) (?:open |overdue |urgent |active |other |blocked |unfinished |current |next |upcoming |remaining )*(?:tasks?|to-?dos?|to-?do list|goals?|problems?|issues?|things?|items?|chores?|list)\b.*$/i,
  /^(?:show|list|display|give|tell|read|see|view)(?: me| us)?(?: about)?(?: all)?(?: of)?(?: my| our| the)?(?: open| overdue| urgent| active| blocked| unfinished| current| done| completed| finished| archived| upcoming| remaining| high priority| due)* ?(?:tasks?|to-?dos?|to-?do list|goals?|problems?|issues?|things?(?: to do)?|items?|chores?|list|everything|overdue|open)\b.*$/i,
  /^(?:my|all|open|overdue|blocked|all my|our|the|active|done)? ?(?:open |overdue |blocked |active |done )?(?:tasks|to-?dos|to-?do list|goals|problems|issues)(?: please| list| today| this week)?$/i,
  /^(?:(?:any|all|my|open|overdue|urgent|done|blocked)(?: my)? )*(?:tasks|to-?dos|goals|problems|things to do) (?:left|due|for|this|today|tomorrow|next|on|by|before|about|tagged|with)\b.*$/i,
  /^(?:to-?do|tomorrow|this week|my week|next week|my tomorrow)$/i,
  /^how many (?:open |overdue |urgent |active |blocked |unfinished |more )?(?:tasks?|to-?dos?|goals?|problems?|issues?|things?|items?)\b.*$/i,
  /^(?:do|did|have) (?:i|we) (?:have |got )?(?:any |anything |some )(?:open |overdue |urgent |active |blocked |unfinished )?(?:tasks?|to-?dos?|goals?|problems?|issues?|things?|items?|left|due|to do|overdue|open|urgent)?\b.*$/i,
  /^(?:is|are) (?:there )?(?:any|anything|any of my)(?:thing)? ?(?:open |overdue |urgent |active |blocked |unfinished )?(?:tasks?|to-?dos?|goals?|problems?|issues?|things?|items?|left|due|overdue|open|urgent|late|blocked)\b.*$/i,
  /^what (?:did|have) (?:i|we) (?:get |got |already )?(?:done|do|finish(?:ed)?|completed?|accomplish(?:ed)?|achieved?|gotten done|solve|solved)\b.*$/i,
  /^what (?:do|did) (?:i|we) (?:have|need|still have)(?: to do| left| open| planned| on| due)+\b.*$/i,
  /^(?:anything|what's) (?:due|overdue|open|urgent|left|late)\b.*$/i,
];

/** Instructions about something that exists already. Group `ref` says what; a few carry a value. */
export const COMPLETIONS: readonly RegExp[] = [
  /^\/done(?: (?<ref>.+))?$/i,
  /^(?:mark|set|tick|check|cross|tag|flag|put)(?: off)? (?<ref>.+?)(?: (?:as|to|off as))? (?:done|complete|completed|finished|solved|resolved|fixed|achieved|closed|off(?: (?:my|the) list)?)$/i,
  /^(?:mark|set) (?:as )?(?:done|complete|completed|finished)\s*:? (?<ref>.+)$/i,
  /^(?:tick|check|cross|strike) off (?<ref>.+)$/i,
  /^(?:i'm|i am|we're|we are|all|i'm all)? ?(?:done|finished|through) with (?<ref>.+)$/i,
  /^(?:i|we)(?:'ve| have)? (?:just |already |finally |now )*(?:done|did|finished|completed|dealt with|taken care of|took care of|solved|resolved|achieved) (?<ref>.+?)(?: today| now| already| this morning| just now)?$/i,
  /^(?<ref>.+?)(?: is| are|'s| has been| have been| was| got)(?: now| already| all| both| finally| also)* (?:done|finished|complete|completed|sorted|sorted out|taken care of|solved|resolved|fixed|achieved|dealt with|in the bag)(?: now| already| today)?$/i,
  /^(?:done|finished|completed)\s*[:,-]? (?<ref>(?!by\b|on\b|for\b|today\b|deal\b).+)$/i,
  /^(?<ref>it|that|this|(?:the )?\w+ (?:one|task|item)|number \d+) (?:done|finished|complete|completed|✓|✔)$/i,
  /^(?:done|finished|completed|all done|it's done|that's done|✓|✔)$/i,
];
/** "milk done": only of what was surfaced. */
export const SHORT_COMPLETION = /^(?<ref>.+?)[,:]? (?:done|finished|completed|✓|✔|☑)$/i;
/** "complete the tax return" may be a new task; these verbs need a reference that points at something known. */
export const COMPLETION_VERBS = /^(?:complete|close|finish|resolve|solve|finish off|close out) (?<ref>.+)$/i;

/** Everything at once is never changed by a sentence: a wrong guess would be a disaster. */
export const SWEEPING =
  /^(?:mark|set|complete|finish|close|delete|remove|archive|clear|wipe|erase|cancel|drop|move|reschedule|postpone|snooze|reopen|restore)(?: off)? (?:everything|it all|every (?:task|goal|problem)|all (?:of )?(?:my |the |open |overdue )*(?:tasks|goals|problems|to-?dos|data|items|things|memories))\b/i;
/** A reminder of nothing. The model asks. */
export const EMPTY_REMINDER =
  /^(?:remind me(?: (?:later|today|tonight|tomorrow|next week))?|set a reminder|add(?: a)? (?:task|reminder|goal|problem)|new (?:task|goal|problem))(?: to| about| of)?$/i;
export const REOPENINGS: readonly RegExp[] = [
  /^(?:reopen|re-open|uncomplete|uncheck|untick|unmark|undo|bring back|reactivate)(?: (?<ref>.+))?$/i,
  /^(?:mark|set) (?<ref>.+?)(?: (?:as|to|back to|as still))? (?:not done|undone|open|incomplete|unfinished|not finished|not complete|todo|to do|active)(?: again)?$/i,
];
export const RESTORATIONS: readonly RegExp[] = [/^(?:restore|unarchive|un-archive|undelete) (?<ref>.+)$/i];

/** Group `rest` holds what and when; where it is divided, the date decides. */
export const MOVES =
  /^(?<verb>move|reschedule|postpone|push(?: back)?|shift|delay|defer|bump|change|put off|set|bring forward|put|make)(?: the (?:due date|deadline|date) (?:of|for))? (?<rest>.+)$/i;
/** Verbs that have to point at something known, since "put the bins out on Monday" is a task of its own. */
export const COMMON_MOVES = /^(?:set|put|make|bring forward)$/i;
/** "the second one is due on Thursday". */
export const DUE =
  /^(?<ref>.+?)(?: is| are|'s)?(?: now)? (?:due|moved|rescheduled|postponed)(?: (?:on|by|to|until|in|at))? (?<when>.+)$/i;
/** "the deadline for the grant is January 15". */
export const DEADLINE_OF = /^(?:the )?(?:deadline|due date) (?:for|of) (?<ref>.+?) is(?: on)? (?<when>.+)$/i;
/** "the second one has to be done by Friday": due then. */
export const DEADLINES =
  /^(?<ref>.+?) (?:should|must|has to|have to|needs to|need to|ought to) be (?:done|finished|ready|completed?)(?: (?:on|by|until|before))? (?<when>.+)$/i;
/** "sorry, I meant Friday": the last one again. */
export const CORRECTIONS =
  /^(?:(?:sorry|no|oops)[, ]+)*(?:i (?:meant|mean)|make that|rather)[, ]+(?<when>.+)$/i;
/** "by two days", "a week": later than it is due now. */
export const SHIFTS =
  /^(?:by |for )?(?:another |about )?(?<n>\d+|an?|one|two|three|four|five|six|seven|ten)(?: more)? (?<unit>day|week)s?(?: later| more)?$/i;
export const SNOOZE_UNTIL = /^snooze (?<rest>.+)$/i;
/** Without a day: until tomorrow. */
export const SNOOZES: readonly RegExp[] = [
  /^snooze(?: (?<ref>.+))?$/i,
  /^(?:not today|skip|remind me (?:later|tomorrow|again tomorrow))(?: (?:about|for|with))?:? (?<ref>it|that|this|(?:the )?\w+ one)$/i,
];
export const ARCHIVALS: readonly RegExp[] = [/^(?:archive) (?<ref>.+)$/i];
/** "remove the wallpaper" may be a new task; these verbs need a reference that points at something known. */
export const ARCHIVAL_VERBS =
  /^(?:delete|remove|drop|cancel|scrap|discard|get rid of|throw away|trash|dismiss) (?<ref>.+)$/i;

export const PRIORITISATIONS: readonly RegExp[] = [
  /^(?:make|set|mark|change|give|put|flag|raise|lower|bump)(?: the priority of)? (?<ref>.+?)(?: (?:to|as|a|an|the|at|in|on))*(?: priority)? (?<level>p[1-4]|priority [1-4]|[1-4]|urgent|important|(?:top|high|highest|medium|normal|low|lowest)(?: priority)?|first priority|number one|priority)$/i,
  /^(?:set|change) (?:the )?priority (?:of|for|on) (?<ref>.+?) (?:to|as) (?<level>p?[1-4]|urgent|important|top|high|highest|medium|normal|low|lowest)$/i,
  /^(?<verb>prioriti[sz]e|deprioriti[sz]e|raise the priority of|lower the priority of|star) (?<ref>.+)$/i,
  /^(?<ref>.+?)(?: is| are|'s)(?: now| very| really| more| the| my| a| most)* (?<level>p[1-4]|(?:top|high|highest|low|lowest) priority|urgent|important|(?:number one|first) priority)$/i,
];
export const PRIORITY_LEVELS: readonly { readonly pattern: RegExp; readonly priority: 1 | 2 | 3 | 4 }[] = [
  {
    priority: 1,
    pattern:
      /^(?:p1|1|priority 1|priority|urgent|top|highest|top priority|highest priority|first priority|number one|number one priority)$/i,
  },
  { priority: 2, pattern: /^(?:p2|2|priority 2|important|high|high priority)$/i },
  { priority: 3, pattern: /^(?:p3|3|priority 3|medium|normal|medium priority|normal priority)$/i },
  { priority: 4, pattern: /^(?:p4|4|priority 4|low|lowest|low priority|lowest priority)$/i },
];

export const REMEMBERS: readonly RegExp[] = [
  /^(?:please )?(?:always )?remember(?: this)?(?: that|:|,) (?<fact>.+)$/is,
  /^(?:please )?remember (?<fact>(?:my|our|the|i|we|his|her|their|he|she|they)\b.* (?:is|are|was|were|am|has|have|had|likes?|loves?|hates?|needs?|wants?|lives?|works?|prefers?|can|can't|don't|doesn't|goes?|costs?)\b.+)$/is,
  /^(?:please )?(?:note|keep in mind|bear in mind|for the record|make a note|don't forget|do not forget|never forget|memori[sz]e|save the fact|store the fact|know)(?: for the future)?(?: that|:|,) (?<fact>.+)$/is,
];
export const FORGETS: readonly RegExp[] = [
  /^(?:please )?forget (?:about |everything (?:you know )?about |all about |what (?:i|you) (?:said|told you|know|remember) about |the fact )?(?:that )?(?<fact>(?!it\b|about it|to\b).+)$/is,
  /^(?:please )?(?:delete|remove|erase) (?:from (?:your |the )?memory|the memory (?:of|about|that)|your memory (?:of|about)):? (?<fact>.+)$/is,
];

/** Titles too vague to be a task on their own. */
export const VAGUE =
  /^(?:go|leave|run|sleep|be|think|it|that|this|them|one|do|do (?:it|that|this|something|more|nothing)|get (?:going|started|it|there)|make it|try|see|eat|rest|work|wait|look|start|finish|stop|talk|something|anything|nothing|know|say|admit|go (?:now|home|out)|try (?:it|that|again)|see (?:it|that)|take (?:it|that) easy|give (?:it|up)(?: .*)?|check(?: it)?|tell you .*|let you know .*|be .*|(?:call|tell|text|message|see|meet|email|show|let|thank|ask) you(?: .*)?)$/i;

/** A finite verb that makes a clause a statement and not an instruction, even if its first word is also a verb. */
export const STATEMENT =
  /^(?:\w+(?: (?:from|with|for|of|at|in|on|to)(?: \w+){1,3})?) (?:is|are|was|were|has|had|have|went|goes|looks?|looked|seems?|seemed|will|would|can|could|came|comes|arrived|worked|happened|started|ended|took|feels|felt|sucks|rocks|helps|makes|made)\b/i;

/** Irregular past forms, to their base. Regular ones are handled by rule. */
export const PAST_FORMS: Readonly<Record<string, string>> = {
  bought: 'buy',
  called: 'call',
  paid: 'pay',
  sent: 'send',
  wrote: 'write',
  written: 'write',
  read: 'read',
  made: 'make',
  did: 'do',
  done: 'do',
  got: 'get',
  gotten: 'get',
  went: 'go',
  gone: 'go',
  took: 'take',
  taken: 'take',
  brought: 'bring',
  found: 'find',
  sold: 'sell',
  met: 'meet',
  spoke: 'speak',
  spoken: 'speak',
  gave: 'give',
  given: 'give',
  built: 'build',
  cut: 'cut',
  put: 'put',
  set: 'set',
  told: 'tell',
  ran: 'run',
  swept: 'sweep',
  fed: 'feed',
  hung: 'hang',
  left: 'leave',
  lent: 'lend',
  rang: 'ring',
  chose: 'choose',
  chosen: 'choose',
  drew: 'draw',
  drawn: 'draw',
  drove: 'drive',
  ate: 'eat',
  began: 'begin',
  begun: 'begin',
  broke: 'break',
  came: 'come',
  fixed: 'fix',
  tidied: 'tidy',
  replied: 'reply',
  applied: 'apply',
  tried: 'try',
  studied: 'study',
  copied: 'copy',
  dried: 'dry',
  planned: 'plan',
  shipped: 'ship',
  stopped: 'stop',
  mopped: 'mop',
  wrapped: 'wrap',
  shopped: 'shop',
  trimmed: 'trim',
  submitted: 'submit',
  taught: 'teach',
  thought: 'think',
  knew: 'know',
  had: 'have',
  saw: 'see',
  said: 'say',
  swam: 'swim',
  slept: 'sleep',
  won: 'win',
  lost: 'lose',
  grew: 'grow',
  held: 'hold',
  kept: 'keep',
  learnt: 'learn',
  rebuilt: 'rebuild',
  rewrote: 'rewrite',
  withdrew: 'withdraw',
  sewed: 'sew',
  wore: 'wear',
  woke: 'wake',
  sat: 'sit',
  stood: 'stand',
  understood: 'understand',
  hurt: 'hurt',
  hit: 'hit',
  let: 'let',
  lit: 'light',
  showed: 'show',
};

/** Words that say nothing about which item is meant. */
export const STOP_WORDS = words(
  'a an the my our your his her their its this that these those to of for on in at by with from and or is are was were be been do does did i we you he she they it me us one ones task tasks goal goals problem problems issue item thing please some any about all up',
);

export const NUMBER_WORDS: Readonly<Record<string, number>> = {
  a: 1,
  an: 1,
  one: 1,
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  eight: 8,
  nine: 9,
  ten: 10,
  eleven: 11,
  twelve: 12,
  couple: 2,
  few: 3,
  fourteen: 14,
  fifteen: 15,
  twenty: 20,
  thirty: 30,
};
export const ORDINALS: Readonly<Record<string, number>> = {
  first: 1,
  second: 2,
  third: 3,
  fourth: 4,
  fifth: 5,
  sixth: 6,
  seventh: 7,
  eighth: 8,
  ninth: 9,
  tenth: 10,
  eleventh: 11,
  twelfth: 12,
  last: -1,
};

export const WEEKDAYS: Readonly<Record<string, number>> = {
  monday: 1,
  mon: 1,
  tuesday: 2,
  tue: 2,
  tues: 2,
  wednesday: 3,
  wed: 3,
  weds: 3,
  thursday: 4,
  thu: 4,
  thur: 4,
  thurs: 4,
  friday: 5,
  fri: 5,
  saturday: 6,
  sat: 6,
  sunday: 7,
  sun: 7,
};
export const MONTHS: Readonly<Record<string, number>> = {
  january: 1,
  february: 2,
  march: 3,
  april: 4,
  may: 5,
  june: 6,
  july: 7,
  august: 8,
  september: 9,
  october: 10,
  november: 11,
  december: 12,
};
/** Feasts on a fixed day, as month and day. Easter and Thanksgiving are computed in `dates.ts`. */
export const FEASTS: readonly { readonly pattern: string; readonly month: number; readonly day: number }[] = [
  { pattern: 'christmas eve|xmas eve', month: 12, day: 24 },
  { pattern: 'christmas day|christmas|xmas', month: 12, day: 25 },
  { pattern: 'boxing day', month: 12, day: 26 },
  { pattern: "new year'?s eve|silvester", month: 12, day: 31 },
  { pattern: "new year'?s day|(?:the )?new year", month: 1, day: 1 },
  { pattern: "valentine'?s day|valentine'?s", month: 2, day: 14 },
  { pattern: "st\\.? patrick'?s day", month: 3, day: 17 },
  { pattern: 'halloween', month: 10, day: 31 },
];
/** Seasons begin, for a planner in the northern half, on these days. */
export const SEASONS: Readonly<Record<string, { readonly month: number; readonly day: number }>> = {
  spring: { month: 3, day: 20 },
  summer: { month: 6, day: 21 },
  autumn: { month: 9, day: 22 },
  winter: { month: 12, day: 21 },
};
