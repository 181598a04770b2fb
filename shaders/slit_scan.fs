/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "A slit sees the picture and what it saw runs outwards: time laid out in space.",
  "CATEGORIES": ["Filter", "Feedback"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 1.0, "IDENTITY": 0.0},
    {"NAME": "speed", "TYPE": "float", "MIN": 0.05, "MAX": 3.0, "DEFAULT": 0.5, "LABEL": "picture widths a second"},
    {"NAME": "slit", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5, "LABEL": "where the slit stands"},
    {"NAME": "upright", "TYPE": "bool", "DEFAULT": 0.0, "LABEL": "rows instead of columns"}
  ],
  "PASSES": [
    {"TARGET": "past", "PERSISTENT": true},
    {}
  ]
}*/

void main() {
    vec4 base = IMG_THIS_PIXEL(inputImage);
    if (PASSINDEX == 1) {
        gl_FragColor = vec4(mix(base.rgb, IMG_THIS_PIXEL(past).rgb, amount), base.a);
        return;
    }
    // Whole pixels only, so that nothing blurs on its way; the rest waits for the next picture.
    float length_px = upright ? RENDERSIZE.y : RENDERSIZE.x, pace = speed * length_px;
    float moved = floor(TIME * pace + 0.001) - floor((TIME - TIMEDELTA) * pace + 0.001);
    float at = upright ? isf_FragNormCoord.y : isf_FragNormCoord.x;
    float away = (at - slit) * length_px, side = away < 0.0 ? -1.0 : 1.0;
    if (TIME <= 0.0) {
        gl_FragColor = base;
        return;
    }
    if (abs(away) <= moved + 0.5) {
        // What came in since the last picture: from what the slit sees to what it saw then.
        vec2 eye = upright ? vec2(isf_FragNormCoord.x, slit) : vec2(slit, isf_FragNormCoord.y);
        gl_FragColor = mix(IMG_NORM_PIXEL(inputImage, eye), IMG_NORM_PIXEL(past, eye), abs(away) / (moved + 1.0));
        return;
    }
    vec2 back = (upright ? vec2(0.0, 1.0) : vec2(1.0, 0.0)) * side * moved;
    gl_FragColor = IMG_PIXEL(past, gl_FragCoord.xy - back);
}
