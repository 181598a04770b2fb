/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "A flash of light, at most three a second (WCAG 2.3.1) however often it is asked for.",
  "CATEGORIES": ["Filter", "Beat", "Light"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.0, "IDENTITY": 0.0},
    {"NAME": "tint", "TYPE": "color", "DEFAULT": [1.0, 1.0, 1.0, 1.0]},
    {"NAME": "limit", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.8}
  ],
  "PASSES": [{"TARGET": "gate", "PERSISTENT": true, "FLOAT": true, "WIDTH": "1", "HEIGHT": "1"}, {}]
}*/

// gate: r the light let through, g time since the last flash began (s, up to 2), b 1 while a
// flash is running, a 1 once the gate has been used.
vec4 nextGate(vec4 old) {
    float since = old.a < 0.5 ? 2.0 : min(2.0, old.g + TIMEDELTA);
    bool running = old.b > 0.5;
    bool rising = amount > old.r + 0.1;
    if (rising && since >= 0.3334) { running = true; since = 0.0; }
    else if (running && rising) { return vec4(max(0.0, old.r - 3.0 * TIMEDELTA), since, 0.0, 1.0); }
    float light = running ? min(amount, max(old.r, since == 0.0 ? amount : old.r)) : min(amount, 0.1);
    return vec4(light, since, running && amount > 0.02 ? 1.0 : 0.0, 1.0);
}

void main() {
    if (PASSINDEX == 0) {
        gl_FragColor = nextGate(IMG_NORM_PIXEL(gate, vec2(0.5)));
        return;
    }
    vec4 base = IMG_THIS_PIXEL(inputImage);
    float light = min(IMG_NORM_PIXEL(gate, vec2(0.5)).r, amount) * limit * tint.a;
    gl_FragColor = vec4(mix(base.rgb, max(base.rgb, tint.rgb), light), base.a);
}
