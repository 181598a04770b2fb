/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "Light stays behind and drifts: video feedback. The decay follows time, not the frame rate.",
  "CATEGORIES": ["Filter", "Feedback"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5, "IDENTITY": 0.0},
    {"NAME": "zoom", "TYPE": "float", "MIN": -1.0, "MAX": 1.0, "DEFAULT": 0.3},
    {"NAME": "turn", "TYPE": "float", "MIN": -180.0, "MAX": 180.0, "DEFAULT": 0.0}
  ],
  "PASSES": [{"TARGET": "past", "PERSISTENT": true, "FLOAT": true}, {}]
}*/

void main() {
    if (PASSINDEX == 1) {
        gl_FragColor = vec4(clamp(IMG_THIS_PIXEL(past).rgb, 0.0, 1.0), IMG_THIS_PIXEL(inputImage).a);
        return;
    }
    // amount 1 keeps a light for about two seconds, 0 not at all.
    float keep = amount > 0.0 ? exp(-TIMEDELTA / (2.0 * amount * amount)) : 0.0;
    float aspect = RENDERSIZE.x / RENDERSIZE.y;
    vec2 p = (isf_FragNormCoord - 0.5) * vec2(aspect, 1.0) * exp(-zoom * TIMEDELTA);
    float a = -radians(turn) * TIMEDELTA;
    p = vec2(cos(a) * p.x - sin(a) * p.y, sin(a) * p.x + cos(a) * p.y) / vec2(aspect, 1.0) + 0.5;
    vec3 old = IMG_NORM_PIXEL(past, p).rgb * keep;
    vec3 now = IMG_THIS_PIXEL(inputImage).rgb;
    gl_FragColor = vec4(max(now, old), 1.0);
}
